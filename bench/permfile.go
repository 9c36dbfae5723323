package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"

	"costate/la/mtx"
	"costate/la/partition"
)

// readPermutation reads an order of n unknowns: a vector in a Matrix Market file, or
// whole numbers between blanks. Numbers count from 1, or from 0 if a 0 is among
// them.
func readPermutation(path string, n int) (partition.Perm, error) {
	p, err := readNumbers(path)
	if err != nil {
		return nil, named(path, err)
	}
	if len(p) != n {
		return nil, fmt.Errorf("%s: %d numbers, but the matrix has order %d", path, len(p), n)
	}
	from := 1
	for _, v := range p {
		if v == 0 {
			from = 0
		}
	}
	seen := make([]bool, n)
	for i, v := range p {
		k := v - from
		switch {
		case uint(k) >= uint(n):
			return nil, fmt.Errorf("%s: number %d of it is %d, not in %d…%d", path, i+1, v, from, n-1+from)
		case seen[k]:
			return nil, fmt.Errorf("%s: number %d of it is %d, which has been before: not a permutation", path, i+1, v)
		}
		seen[k], p[i] = true, k
	}
	return p, nil
}

func readNumbers(path string) ([]int, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var numbers []int
	if bytes.HasPrefix(text, []byte("%")) {
		x, err := mtx.ReadVector(bytes.NewReader(text), nil)
		if err != nil {
			return nil, err
		}
		for i, v := range x {
			k := int(v)
			if float64(k) != v {
				return nil, fmt.Errorf("number %d of it is %v, not a whole one", i+1, v)
			}
			numbers = append(numbers, k)
		}
		return numbers, nil
	}
	words := bufio.NewScanner(bytes.NewReader(text))
	words.Split(bufio.ScanWords)
	for words.Scan() {
		k, err := strconv.Atoi(words.Text())
		if err != nil {
			return nil, fmt.Errorf("%q is not a whole number", words.Text())
		}
		numbers = append(numbers, k)
	}
	return numbers, words.Err()
}
