package netspec

import (
	"errors"
	"strings"
	"testing"

	"costate/nn"
)

// build is the network of a line on images of 8×8 pixels.
func build(line string) (*nn.Network, error) {
	layers, err := Parse(line, Options{Rows: 8, Cols: 8, Act: nn.Tanh, Bias: true})
	if err != nil {
		return nil, err
	}
	return nn.New(64, nn.CrossEntropy, layers...)
}

func TestParse(t *testing.T) {
	for line, want := range map[string]struct{ outputs, params int }{
		"dense:10":                             {10, 650},
		" dense:5 | dense:10 ":                 {10, 325 + 60},
		"conv:8,3|pool|conv:16,3|dense:10":     {10, 80 + 16*72 + 16 + 160 + 10},
		"conv:8,3,pad=1,stride=2|dense:10":     {10, 80 + 128*10 + 10},
		"conv:2,3,dilation=2|flatten|dense:10": {10, 20 + 32*10 + 10},
		"conv:4,3x1,pad=1x0,stride=2x1|conv:8,1x3,groups=4,dilation=1x2|dense:3": {3, 16 + 8*4 + 4*4*8*3 + 3},
		"pool:4,stride=2|dense:3":                                         {3, 9*3 + 3},
		"tokens:8,16|block:2,32|mean|dense:10":                            {10, 16*16 + 16 + 3*16*17 + 16*17 + 32*17 + 16*33 + 170},
		"tokens:8,6|each:18|attention:2|mean":                             {6, 6*16 + 6 + 18*7},
		"lengths|tokens:7,6|block:2,4|mean|dense:2":                       {2, 16*6 + 6 + 18*7 + 6*7 + 4*7 + 6*5 + 14},
		"sequence:16,4|conv1d:4,5,groups=2|mean|dense:2":                  {2, 4*10 + 4 + 10},
		"tokens:8,6|block:1,4,causal=1|each:18|attention:2,causal=1|mean": {6, 16*6 + 6 + 18*7 + 6*7 + 4*7 + 6*5 + 18*7},
		"sequence:16,4|conv1d:3,5|pool:2|dense:2":                         {2, 3*20 + 3 + 18*2 + 2},
		"image:4,4,4|conv:2,3|dense:2":                                    {2, 2*36 + 2 + 16 + 2},
		"dense:9|res(norm|dense:4|res(dense:4)|dense:9)|dense:10":         {10, 65*9 + 40 + 20 + 45 + 100},
		"conv:4,3|res(norm|conv:4,3,pad=1|conv:4,3,pad=1)|mean|dense:2":   {2, 40 + 2*(144+4) + 10},
	} {
		net, err := build(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if net.Outputs() != want.outputs || net.NumParams() != want.params {
			t.Errorf("%s: %d outputs and %d parameters, want %d and %d", line, net.Outputs(), net.NumParams(), want.outputs, want.params)
		}
	}
}

// Blocks and attention are causal where the line says so.
func TestCausal(t *testing.T) {
	for line, want := range map[string]bool{"tokens:8,6|block:2,4,causal=1|dense:2": true, "tokens:8,6|block:2,4|dense:2": false,
		"tokens:8,6|each:18|attention:2,causal=1": true, "tokens:8,6|each:18|attention:2,causal=0": false} {
		net, err := build(line)
		if err != nil {
			t.Fatal(err)
		}
		var walk func(layers []nn.Layer) (causal, found bool)
		walk = func(layers []nn.Layer) (causal, found bool) {
			for _, l := range layers {
				switch l := l.(type) {
				case nn.Attention:
					return l.Causal, true
				case *nn.Residual:
					if causal, found = walk(l.Layers); found {
						return causal, found
					}
				}
			}
			return false, false
		}
		if got, found := walk(net.Layers()); !found || got != want {
			t.Errorf("%s: causal is %v, found %v", line, got, found)
		}
	}
}

// Activations stand where the help says.
func TestActivations(t *testing.T) {
	acts := func(line string) (s []string) {
		net, err := build(line)
		if err != nil {
			t.Fatal(err)
		}
		var walk func(layers []nn.Layer)
		walk = func(layers []nn.Layer) {
			for _, l := range layers {
				if r, ok := l.(*nn.Residual); ok {
					walk(r.Layers)
				}
				switch a := actOf(l); {
				case a == nil:
				case *a == nil:
					s = append(s, "none")
				default:
					s = append(s, (*a).Name())
				}
			}
		}
		walk(net.Layers())
		return s
	}
	for line, want := range map[string]string{
		"dense:3|dense:4":                               "tanh none",
		"dense:3,act=relu|dense:4,act=sigmoid":          "relu sigmoid",
		"conv:2,3|pool|dense:4":                         "tanh none",
		"tokens:8,3|each:9|attention|each:2|mean":       "none none tanh",
		"tokens:8,3|res(each:9|attention|each:3)|mean":  "none none tanh",
		"dense:3|res(dense:4,act=gelu|dense:3)|dense:2": "tanh gelu tanh none",
		"tokens:8,4,act=elu|block:2,8,act=relu|dense:2": "elu none none relu none none",
	} {
		if got := strings.Join(acts(line), " "); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	for line, want := range map[string]struct {
		column int
		why    string
	}{
		"":                           {1, "a layer is missing here"},
		"dense:3|":                   {9, "a layer is missing here"},
		"dense:3||dense:4":           {9, "a layer is missing here"},
		"dense:3|convolve:4,3":       {9, `"convolve" is no layer; there are attention, block, conv, `},
		"dense":                      {1, "dense takes a number of units, as in dense:10"},
		"dense:":                     {7, "a number of dense is missing here"},
		"dense:3,4":                  {9, "dense takes a number of units"},
		"dense:x":                    {7, `"x" is not a whole number`},
		"dense:0":                    {7, "0; a number of dense must be from 1 to"},
		"dense:99999999999999999999": {7, "is not a whole number"},
		"dense:3,act=swish":          {9, "unknown activation"},
		"dense:3,pad=1":              {9, "dense has no pad=, only act="},
		"mean:3":                     {6, "mean takes no numbers"},
		"conv:8|dense:3":             {1, "conv takes a number of channels and a kernel, as in conv:8,3"},
		"conv:8,3,pad=1,4":           {16, "numbers without a name stand before those with one"},
		"conv:8,3,pad=1,pad=2":       {16, "pad= twice"},
		"conv:8,3,pad=-1":            {10, "-1; a number of conv must be from 0"},
		"conv:8,3x":                  {10, `"" is not a whole number`},
		"conv:8,3x5x7":               {10, `"5x7" is not a whole number`},
		"conv:8,3,pad=1x-1":          {12, "-1; a number of conv must be from 0"},
		"conv:8,3,groups=0":          {10, "0; a number of conv must be from 1"},
		"conv1d:8,3x3":               {10, `"3x3" is not a whole number`},
		"attention:2,causal=yes":     {13, "causal=yes; it is 1 or 0"},
		"block:2,8,cause=1":          {11, "block has no cause=, only act=, causal="},
		"lengths:8":                  {9, "lengths takes no numbers"},
		"res(dense:3":                {4, "this bracket is not closed"},
		"res(dense:3)dense:4":        {13, "a | belongs between layers"},
		"dense:3)":                   {8, "a ) that closes nothing"},
		"dense(3)":                   {6, "only res has layers in brackets"},
		"dense:3(4)":                 {8, "only res has layers in brackets"},
		"res()":                      {5, "a layer is missing here"},
		"größe:3":                    {1, "is no layer"},
		"dense:3|dense:ü|x":          {15, "is not a whole number"},
		strings.Repeat("res(", 200):  {405, "residual blocks within each other"},
	} {
		_, err := Parse(line, Options{Act: nn.Tanh})
		var e *Error
		if !errors.As(err, &e) || e.Column != want.column || !strings.Contains(e.Why, want.why) {
			t.Errorf("%q: %v; want column %d: %s", line, err, want.column, want.why)
		}
	}
}

// Whatever the line, Parse returns layers or an error that points into it, and the
// layers make a network or an error.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"conv:8,3|pool|conv:16,3|dense:10", "tokens:8,16|block:2,32|mean|dense:10", "res(norm|dense:64)|dense:3,act=relu", "image:4,4,4|conv1d:2,3|(", "é|:,="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		layers, err := Parse(line, Options{Rows: 8, Cols: 8, Act: nn.Tanh})
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Column < 1 || e.Column > len([]rune(line))+1 {
				t.Fatalf("%q: %v", line, err)
			}
			return
		}
		if len(layers) == 0 {
			t.Fatalf("%q: no layers", line)
		}
		for _, l := range layers {
			if l == nil {
				t.Fatalf("%q: a layer that is nil", line)
			}
		}
	})
}
