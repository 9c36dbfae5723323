package main

import (
	"fmt"
	"strconv"
	"strings"
)

// An intsFlag is a list of integers, as 10,30,100; the empty text is the empty
// list. It implements pflag.Value.
type intsFlag []int

func (f *intsFlag) Set(text string) error {
	list := []int{}
	for field := range strings.SplitSeq(text, ",") {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		n, err := strconv.Atoi(field)
		if err != nil {
			return fmt.Errorf("%q is not an integer", field)
		}
		list = append(list, n)
	}
	*f = list
	return nil
}

func (f *intsFlag) String() string {
	fields := make([]string, len(*f))
	for i, n := range *f {
		fields[i] = strconv.Itoa(n)
	}
	return strings.Join(fields, ",")
}

func (f *intsFlag) Type() string { return "ints" }
