package nn

import "fmt"

// Flatten is the Map that puts the numbers of an image into the order of PyTorch's
// Flatten, channel by channel: from Height×Width×Channels, as they stand in this
// package, to Channels×Height×Width. A Dense layer behind it has its weights in
// PyTorch's order. Its outputs have no positions.
type Flatten struct {
	Height, Width, Channels int // shape of the inputs; 0 takes that of the layer before
}

// Unflatten is the inverse Map of Flatten: from samples that stand channel by channel,
// as PyTorch has images, to the order of this package. With one channel nothing moves.
type Unflatten struct {
	Height, Width, Channels int // shape of the outputs; Channels 0 is what fits
}

var (
	_ LinearMap = Flatten{}
	_ Puller    = Flatten{}
	_ Shaped    = Flatten{}
	_ LinearMap = Unflatten{}
	_ Puller    = Unflatten{}
	_ Shaped    = Unflatten{}
)

// Arrange implements Shaped.
func (f Flatten) Arrange(in Shape) (Layer, Shape, error) {
	if f == (Flatten{}) {
		f = Flatten(in)
	}
	s, err := fillShape(Shape(f), in)
	if err != nil {
		return nil, in, fmt.Errorf("flatten: %w", err)
	}
	return Flatten(s), flat(s.Size()), nil
}

// OutWidth implements Layer.
func (f Flatten) OutWidth(in int) (int, error) {
	if s := Shape(f); s.Size() != in {
		return 0, fmt.Errorf("flatten of %s after a width of %d", s, in)
	}
	return in, nil
}

// Arrange implements Shaped.
func (u Unflatten) Arrange(in Shape) (Layer, Shape, error) {
	if p := u.Height * u.Width; u.Channels == 0 && p > 0 {
		u.Channels = in.Size() / p
	}
	_, err := u.OutWidth(in.Size())
	return u, Shape(u), err
}

// OutWidth implements Layer.
func (u Unflatten) OutWidth(in int) (int, error) {
	if s := Shape(u); s.Size() != in || in < 1 {
		return 0, fmt.Errorf("unflatten to %d×%d positions of %d channels after a width of %d", u.Height, u.Width, u.Channels, in)
	}
	return in, nil
}

// move stores the numbers of in, by position, in out, by channel.
func (f Flatten) move(out, in []float64) {
	p := f.Height * f.Width
	for c := range f.Channels {
		for i := range p {
			out[c*p+i] = in[i*f.Channels+c]
		}
	}
}

// restore is the inverse of move.
func (f Flatten) restore(out, in []float64) {
	p := f.Height * f.Width
	for c := range f.Channels {
		for i := range p {
			out[i*f.Channels+c] = in[c*p+i]
		}
	}
}

// IsLinear implements LinearMap.
func (Flatten) IsLinear() bool { return true }

// Forward implements Map.
func (f Flatten) Forward(out, in []float64) { f.move(out, in) }

// Jacobian implements Map.
func (f Flatten) Jacobian(j, in []float64) {
	clear(j)
	p := f.Height * f.Width
	for i := range in {
		j[(i%f.Channels*p+i/f.Channels)*len(in)+i] = 1
	}
}

// Second implements Map: it is zero.
func (Flatten) Second(q, _, _ []float64) { clear(q) }

// Pull implements Puller.
func (f Flatten) Pull(dst, _, b []float64) { f.restore(dst, b) }

// IsLinear implements LinearMap.
func (Unflatten) IsLinear() bool { return true }

// Forward implements Map.
func (u Unflatten) Forward(out, in []float64) { Flatten(u).restore(out, in) }

// Jacobian implements Map.
func (u Unflatten) Jacobian(j, in []float64) {
	clear(j)
	p := u.Height * u.Width
	for i := range in {
		j[i*len(in)+i%u.Channels*p+i/u.Channels] = 1
	}
}

// Second implements Map: it is zero.
func (Unflatten) Second(q, _, _ []float64) { clear(q) }

// Pull implements Puller.
func (u Unflatten) Pull(dst, _, b []float64) { Flatten(u).move(dst, b) }
