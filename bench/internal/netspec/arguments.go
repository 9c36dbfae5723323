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
	if err := a.count(what, least, most); err != nil {
		return nil, err
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

// count refuses fewer or more arguments without a name.
func (a *arguments) count(what string, least, most int) error {
	at := a.at
	if len(a.list) > most {
		at = a.list[most].at
	} else if len(a.list) >= least {
		return nil
	}
	return a.errorAt(at, "%s takes %s", a.name, what)
}

// axes is the value of an argument that is one number, or two with an x between them: for
// the rows and for the columns of an image. The first result is for one, the other for two.
func (a *arguments) axes(x argument, least int) (both int, each nn.Axes, err error) {
	rows, columns, two := strings.Cut(x.text, "x")
	if !two {
		both, err = a.number(x, least)
		return both, each, err
	}
	if each[0], err = a.number(argument{rows, x.at}, least); err != nil {
		return 0, each, err
	}
	each[1], err = a.number(argument{columns, x.at + len(rows) + 1}, least)
	if each[0] == each[1] {
		return each[0], nn.Axes{}, err
	}
	return 0, each, err
}

// keyAxes is the argument of a name as axes, or zeros.
func (a *arguments) keyAxes(name string, least int) (both int, each nn.Axes, err error) {
	x, ok := a.keys[name]
	if !ok {
		return 0, nn.Axes{}, nil
	}
	return a.axes(x, least)
}

// yes is the argument of a name that is 1 or 0, or false without one.
func (a *arguments) yes(name string) (bool, error) {
	x, ok := a.keys[name]
	if !ok {
		return false, nil
	}
	if x.text != "0" && x.text != "1" {
		return false, a.errorAt(x.at, "%s=%s; it is 1 or 0", name, x.text)
	}
	return x.text == "1", nil
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
