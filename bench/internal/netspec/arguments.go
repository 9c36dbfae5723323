package netspec

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"costate/nn"
)

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
