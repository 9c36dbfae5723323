package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// FashionDir is where Debian's package dataset-fashion-mnist puts Fashion-MNIST.
const FashionDir = "/usr/share/datasets/fashion-mnist"

// Options says how data are read; nil and the zero value mean: all, as they are.
type Options struct {
	Side  int // make images Side×Side by area means; 0 leaves them
	Limit int // read at most so many samples of each part; 0 reads all
}

// Load returns a training and a test set by name: "digits" (1,437 and 360),
// "fashion" (60,000 and 10,000), or a directory of IDX files as ReadDir reads.
func Load(name string, o *Options) (train, test *Set, err error) {
	if o == nil {
		o = &Options{}
	}
	switch name {
	case "digits":
		s := Digits()
		if o.Side != 0 && o.Side != s.Rows {
			if s, err = s.Downsample(o.Side); err != nil {
				return nil, nil, err
			}
		}
		train, test = s.Split(1437)
		return train.first(o.Limit), test.first(o.Limit), nil
	case "fashion":
		return Fashion(o)
	}
	if st, err := os.Stat(name); err != nil || !st.IsDir() {
		return nil, nil, fmt.Errorf("data: %q is neither digits nor fashion nor a directory of IDX files", name)
	}
	return ReadDir(name, o)
}

// first returns the first limit samples, or all if limit is 0.
func (s *Set) first(limit int) *Set {
	if limit <= 0 || limit >= s.N {
		return s
	}
	a, _ := s.Split(limit)
	return a
}

// Fashion reads Fashion-MNIST from FashionDir. The error says which package
// holds it if it is not there.
func Fashion(o *Options) (train, test *Set, err error) {
	if _, err := os.Stat(FashionDir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("data: no Fashion-MNIST in %s: install Debian's package dataset-fashion-mnist (apt-get install dataset-fashion-mnist), or name a directory of its IDX files", FashionDir)
	}
	return ReadDir(FashionDir, o)
}

// ReadDir reads a training and a test set from the four files of MNIST,
//
//	train-images-idx3-ubyte  train-labels-idx1-ubyte
//	t10k-images-idx3-ubyte   t10k-labels-idx1-ubyte
//
// each of them also with .gz. Bytes are divided by 255; other types of numbers
// are taken as they are. Classes is one more than the greatest label in either.
func ReadDir(dir string, o *Options) (train, test *Set, err error) {
	if train, err = readPart(dir, "train", o); err != nil {
		return nil, nil, err
	}
	if test, err = readPart(dir, "t10k", o); err != nil {
		return nil, nil, err
	}
	if train.Width != test.Width || train.Rows != test.Rows {
		return nil, nil, fmt.Errorf("data: %s: training samples of %d numbers, test samples of %d", dir, train.Width, test.Width)
	}
	train.Classes = max(train.Classes, test.Classes)
	test.Classes = train.Classes
	return train, test, nil
}

func readPart(dir, part string, o *Options) (*Set, error) {
	imageFile, err := find(dir, part+"-images-idx3-ubyte")
	if err != nil {
		return nil, err
	}
	labelFile, err := find(dir, part+"-labels-idx1-ubyte")
	if err != nil {
		return nil, err
	}
	labels, err := ReadIDXFile(labelFile)
	if err != nil {
		return nil, err
	}
	images, err := ReadIDXFile(imageFile)
	if err != nil {
		return nil, err
	}
	s, err := newSet(images, labels, o)
	if err != nil {
		return nil, fmt.Errorf("data: %s and %s: %w", imageFile, filepath.Base(labelFile), err)
	}
	return s, nil
}

// find returns the path of the named file in dir, or of its .gz.
func find(dir, name string) (string, error) {
	names := []string{name, name + ".gz"}
	for _, n := range names {
		path := filepath.Join(dir, n)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("data: %s holds no %s", dir, strings.Join(names, " nor "))
}

// NewSet makes a set of an array of samples, the first dimension counting them,
// and one of labels. Arrays of three dimensions are images. Bytes are divided by
// 255.
func NewSet(samples, labels *Array, o *Options) (*Set, error) {
	s, err := newSet(samples, labels, o)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	return s, nil
}

func newSet(samples, labels *Array, o *Options) (*Set, error) {
	if o == nil {
		o = &Options{}
	}
	n := labels.Len()
	switch {
	case len(samples.Dims) < 2:
		return nil, fmt.Errorf("samples of %d dimensions; at least two are needed", len(samples.Dims))
	case len(labels.Dims) != 1:
		return nil, fmt.Errorf("labels of %d dimensions; one is needed", len(labels.Dims))
	case labels.Type > 12:
		return nil, fmt.Errorf("labels that are not integers")
	case samples.Dims[0] != n:
		return nil, fmt.Errorf("%d samples but %d labels", samples.Dims[0], n)
	case n == 0 || samples.Len() == 0:
		return nil, fmt.Errorf("no samples")
	}
	width := samples.Len() / n
	if o.Limit > 0 {
		n = min(n, o.Limit)
	}
	s := &Set{N: n, Width: width, Labels: make([]int, n)}
	if len(samples.Dims) == 3 {
		s.Rows, s.Cols = samples.Dims[1], samples.Dims[2]
	}
	if err := s.takeLabels(labels); err != nil {
		return nil, err
	}
	if err := s.takeSamples(samples, width, o.Side); err != nil {
		return nil, err
	}
	return s, nil
}

// mostClasses bounds the labels that are believed.
const mostClasses = 1 << 20

// takeLabels takes the first N labels.
func (s *Set) takeLabels(labels *Array) error {
	t := make([]float64, s.N)
	labels.Floats(t, 0)
	for i, v := range t {
		if v < 0 || v >= mostClasses {
			return fmt.Errorf("label of sample %d is %g; it must be from 0 to %d", i, v, mostClasses-1)
		}
		s.Labels[i] = int(v)
		s.Classes = max(s.Classes, int(v)+1)
	}
	return nil
}

// takeSamples takes the first N samples of in numbers, images made as large as side
// if that is not 0.
func (s *Set) takeSamples(samples *Array, in, side int) error {
	scale := 1.0
	if samples.Type == 8 {
		scale = 1.0 / 255
	}
	var r *resampler
	if side != 0 && (side != s.Rows || side != s.Cols) {
		var err error
		if r, err = newResampler(s.Rows, s.Cols, side); err != nil {
			return err
		}
		s.Width, s.Rows, s.Cols = side*side, side, side
	}
	s.X = make([]float64, s.N*s.Width)
	image := make([]float64, in)
	for i := range s.N {
		samples.Floats(image, i*in)
		for k, v := range image {
			if image[k] = v * scale; v*0 != 0 {
				return fmt.Errorf("number %d of sample %d is %g", k, i, v)
			}
		}
		row := s.X[i*s.Width : (i+1)*s.Width]
		if r != nil {
			r.image(row, image)
		} else {
			copy(row, image)
		}
	}
	return nil
}
