// Package netspec reads the small language of --net: the layers of a network in one line,
// from the inputs to the outputs, such as
//
//	conv:8,3|pool|conv:16,3|dense:10
//	tokens:8,16|block:2,32|mean|dense:10
//	dense:32|res(norm|dense:32|dense:32)|dense:10
//
// Help says what there is.
package netspec

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"costate/nn"
)

// Help is the language in the words of the command's help.
const Help = `A network in one line: layers from the inputs to the outputs with | between them,
each a name and its numbers.

  dense:N                 N units
  conv:N,K                N channels by a kernel of K×K; also stride=, pad=, dilation=
  conv1d:N,K              the same along sequences
  pool or pool:K          means over squares of K×K (2), of K of a sequence; also stride=
  mean                    the mean over all positions or tokens
  flatten                 positions into PyTorch's order, channel by channel
  tokens:T,N              T tokens, each made N numbers wide, with learned positions
  each:N                  N units for each token or position
  block:H,N               block of a transformer: H heads, N hidden units
  attention:H             of the queries, keys and values that each:3N makes
  norm                    layer norm, of each token or position if there are some
  res(LAYERS)             a skip around layers: res(norm|dense:16|dense:16)
  image:H,W or image:H,W,C, sequence:L or sequence:L,C
                          how inputs without a shape are arranged, channel by channel

Layers with units are followed by --act, but for the last one, tokens and what stands
before attention; act=NAME chooses another, as in dense:10,act=relu. --bias goes for all.`

// Options are what a line leaves open.
type Options struct {
	Rows, Cols int           // shape of the inputs if they are images of one channel, else 0
	Act        nn.Activation // of layers with units
	Bias       bool
}

// An Error is a line that cannot be read.
type Error struct {
	Column int // in characters, from 1
	Why    string
}

func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Why) }

// Parse returns the layers of a line. The error is an *Error.
func Parse(line string, o Options) ([]nn.Layer, error) {
	p := &parser{line: line, o: o}
	layers, err := p.layers(0)
	if err != nil {
		return nil, err
	}
	if p.at < len(line) {
		return nil, p.errorAt(p.at, "a ) that closes nothing")
	}
	finish(layers, o)
	if o.Rows > 0 && o.Cols > 0 {
		layers[0] = shaped(layers[0], o)
	}
	return layers, nil
}

// shaped returns a first layer with the shape of the images, if it needs to know it.
func shaped(l nn.Layer, o Options) nn.Layer {
	switch l := l.(type) {
	case *nn.Conv2D:
		l.Height, l.Width = o.Rows, o.Cols
	case nn.AvgPool:
		l.Height, l.Width = o.Rows, o.Cols
		return l
	case nn.GlobalAvgPool:
		l.Positions = o.Rows * o.Cols
		return l
	case *nn.Residual:
		l.Layers[0] = shaped(l.Layers[0], o)
	}
	return l
}

// finish takes the activations away that stand for the default but do not belong: of the
// last layer, and before attention.
func finish(layers []nn.Layer, o Options) {
	for i, l := range layers {
		if r, ok := l.(*nn.Residual); ok {
			finish(r.Layers, Options{}) // its last layer keeps its activation
			continue
		}
		before := false // attention
		if i+1 < len(layers) {
			_, before = layers[i+1].(nn.Attention)
		}
		last := i == len(layers)-1 && o.Act != nil
		if act := actOf(l); act != nil && (before || last) {
			if _, given := (*act).(chosen); !given {
				*act = nil
			}
		}
	}
	for _, l := range layers {
		if act := actOf(l); act != nil {
			if c, ok := (*act).(chosen); ok {
				*act = c.Activation
			}
		}
	}
}

// chosen marks an activation that the line names.
type chosen struct{ nn.Activation }

// actOf is where a layer has its activation, nil if it has none.
func actOf(l nn.Layer) *nn.Activation {
	switch l := l.(type) {
	case *nn.Dense:
		return &l.Act
	case *nn.Conv2D:
		return &l.Act
	case *nn.Conv1D:
		return &l.Act
	case *nn.Tokens:
		return &l.Act
	}
	return nil
}

// parser reads a line from the left.
type parser struct {
	line string
	at   int // bytes read
	o    Options
}

func (p *parser) errorAt(at int, format string, args ...any) error {
	return &Error{Column: utf8.RuneCountInString(p.line[:at]) + 1, Why: fmt.Sprintf(format, args...)}
}

// mostDepth bounds residual blocks within each other.
const mostDepth = 100

// layers reads layers up to the end or a ).
func (p *parser) layers(depth int) ([]nn.Layer, error) {
	if depth > mostDepth {
		return nil, p.errorAt(p.at, "more than %d residual blocks within each other", mostDepth)
	}
	var all []nn.Layer
	for {
		more, err := p.layer(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
		if p.at == len(p.line) || p.line[p.at] == ')' {
			return all, nil
		}
		p.at++ // the |
	}
}

// layer reads one item, up to the | or ) or end behind it.
func (p *parser) layer(depth int) ([]nn.Layer, error) {
	p.spaces()
	start := p.at
	n := strings.IndexAny(p.line[p.at:], ":|()")
	if n < 0 {
		n = len(p.line) - p.at
	}
	name := strings.TrimSpace(p.line[p.at : p.at+n])
	p.at += n
	if name == "res" && p.at < len(p.line) && p.line[p.at] == '(' {
		return p.residual(depth)
	}
	kind, ok := kinds[name]
	switch {
	case name == "":
		return nil, p.errorAt(start, "a layer is missing here")
	case !ok:
		return nil, p.errorAt(start, "%q is no layer; there are %s and res(…)", name, strings.Join(names(), ", "))
	case p.at < len(p.line) && p.line[p.at] == '(':
		return nil, p.errorAt(p.at, "only res has layers in brackets")
	}
	a := &arguments{parser: p, name: name, at: start, keys: map[string]argument{}}
	if p.at < len(p.line) && p.line[p.at] == ':' {
		p.at++
		if err := a.read(); err != nil {
			return nil, err
		}
	}
	return kind.make(a, p.o)
}

// residual reads a residual block from its bracket on.
func (p *parser) residual(depth int) ([]nn.Layer, error) {
	open := p.at
	p.at++
	layers, err := p.layers(depth + 1)
	if err != nil {
		return nil, err
	}
	if p.at == len(p.line) {
		return nil, p.errorAt(open, "this bracket is not closed")
	}
	p.at++
	p.spaces()
	if p.at < len(p.line) && p.line[p.at] != '|' && p.line[p.at] != ')' {
		return nil, p.errorAt(p.at, "a | belongs between layers")
	}
	return []nn.Layer{&nn.Residual{Layers: layers}}, nil
}

func (p *parser) spaces() {
	for p.at < len(p.line) && p.line[p.at] == ' ' {
		p.at++
	}
}

// An argument is a number or a word with its place.
type argument struct {
	text string
	at   int
}

// arguments are what stands behind the name of a layer.
type arguments struct {
	*parser
	name string
	at   int // of the name
	list []argument
	keys map[string]argument
}

// read reads arguments up to the end of the item.
func (a *arguments) read() error {
	p := a.parser
	for {
		start := p.at
		n := strings.IndexAny(p.line[p.at:], ",|)(")
		if n < 0 {
			n = len(p.line) - p.at
		}
		text := p.line[p.at : p.at+n]
		p.at += n
		key, value, named := strings.Cut(text, "=")
		switch {
		case strings.TrimSpace(text) == "":
			return p.errorAt(start, "a number of %s is missing here", a.name)
		case named:
			key = strings.TrimSpace(key)
			if _, twice := a.keys[key]; twice {
				return p.errorAt(start, "%s= twice", key)
			}
			a.keys[key] = argument{strings.TrimSpace(value), start}
		case len(a.keys) > 0:
			return p.errorAt(start, "numbers without a name stand before those with one")
		default:
			a.list = append(a.list, argument{strings.TrimSpace(text), start})
		}
		if p.at == len(p.line) || p.line[p.at] != ',' {
			break
		}
		p.at++
	}
	if p.at < len(p.line) && p.line[p.at] == '(' {
		return p.errorAt(p.at, "only res has layers in brackets")
	}
	return nil
}

// mostNumber bounds the numbers of a line.
const mostNumber = 1 << 24

// number is the value of an argument.
func (a *arguments) number(x argument, least int) (int, error) {
	n, err := strconv.Atoi(x.text)
	if err != nil {
		return 0, a.errorAt(x.at, "%q is not a whole number", x.text)
	}
	if n < least || n > mostNumber {
		return 0, a.errorAt(x.at, "%d; a number of %s must be from %d to %d", n, a.name, least, mostNumber)
	}
	return n, nil
}

// numbers are the arguments without a name, from least to most of them; those left out
// are 0.
func (a *arguments) numbers(what string, least, most int) ([]int, error) {
	if len(a.list) < least || len(a.list) > most {
		at := a.at
		if len(a.list) > most {
			at = a.list[most].at
		}
		return nil, a.errorAt(at, "%s takes %s", a.name, what)
	}
	v := make([]int, most)
	for i, x := range a.list {
		var err error
		if v[i], err = a.number(x, 1); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// key is the argument of a name as a number, or 0.
func (a *arguments) key(name string, least int) (int, error) {
	x, ok := a.keys[name]
	if !ok {
		return 0, nil
	}
	return a.number(x, least)
}

// known refuses arguments with other names.
func (a *arguments) known(keys ...string) error {
	for _, key := range slices.Sorted(maps.Keys(a.keys)) {
		x := a.keys[key]
		if !slices.Contains(keys, key) {
			if len(keys) == 0 {
				return a.errorAt(x.at, "%s has no %s=", a.name, key)
			}
			return a.errorAt(x.at, "%s has no %s=, only %s=", a.name, key, strings.Join(keys, "=, "))
		}
	}
	return nil
}

// act is the activation of act=, or the one given.
func (a *arguments) act(otherwise nn.Activation) (nn.Activation, error) {
	x, ok := a.keys["act"]
	if !ok {
		return otherwise, nil
	}
	act, err := nn.ActivationByName(x.text)
	if err != nil {
		return nil, a.errorAt(x.at, "%v", err)
	}
	return chosen{act}, nil
}
