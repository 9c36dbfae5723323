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
	"strings"
	"unicode/utf8"

	"costate/nn"
)

// Help is the language in the words of the command's help.
const Help = `A network in one line: layers from the inputs to the outputs with | between them,
each a name and its numbers.

  dense:N                 N units
  conv:N,K                N channels by a kernel of K×K; also stride=, pad=, dilation=,
                          groups=; all but groups may be RxC, for rows and columns
  conv1d:N,K              the same along sequences
  pool or pool:K          means over squares of K×K (2), of K of a sequence; also stride=
  mean                    the mean over all positions or tokens
  flatten                 positions into PyTorch's order, channel by channel
  tokens:T,N              T tokens, each made N numbers wide, with learned positions
  each:N                  N units for each token or position
  block:H,N               block of a transformer: H heads, N hidden units; also causal=1
  attention:H             of the queries, keys and values that each:3N makes; also causal=1
  lengths                 first of all: a sample begins with how many of its tokens count;
                          attention and mean leave out those behind
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
