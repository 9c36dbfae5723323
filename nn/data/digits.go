package data

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The digits: see digits.LICENSE.txt beside this file.
//
//go:embed digits.csv.gz
var digitsFile []byte

// Digits returns the 1,797 handwritten digits, 8×8 images with grey levels
// divided by 16. They come in the order of the original, in which neighbours
// are often of one hand: a batch of the first samples is as good as any, and
// the last ones make a fair test set.
func Digits() *Set {
	z, err := gzip.NewReader(bytes.NewReader(digitsFile))
	if err != nil {
		panic("data: the embedded digits are damaged: " + err.Error())
	}
	s, err := readDigits(z)
	if err != nil {
		panic("data: the embedded digits are damaged: " + err.Error())
	}
	return s
}

// readDigits reads lines of 64 grey levels from 0 to 16 and a label.
func readDigits(r io.Reader) (*Set, error) {
	const side, grey, classes = 8, 16, 10
	s := &Set{Width: side * side, Rows: side, Cols: side, Classes: classes}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		s.N++
		rest := lines.Text()
		for i := range side*side + 1 {
			field, tail, more := strings.Cut(rest, ",")
			limit := grey
			if i == side*side {
				limit = classes - 1
			}
			v, err := strconv.Atoi(field)
			if err != nil || v < 0 || v > limit || more != (i < side*side) {
				return nil, fmt.Errorf("line %d, number %d: want %d numbers, and this one from 0 to %d", s.N, i+1, side*side+1, limit)
			}
			if rest = tail; i < side*side {
				s.X = append(s.X, float64(v)/grey)
			} else {
				s.Labels = append(s.Labels, v)
			}
		}
	}
	return s, lines.Err()
}
