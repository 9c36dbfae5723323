package nn

import "fmt"

// A LinearMap is a Map whose Jacobian does not depend on its inputs, so that its second
// derivative is zero and a chain need not store zeros for it.
type LinearMap interface {
	Map
	// IsLinear reports whether the map is one.
	IsLinear() bool
}

// AvgPool is the Map to the means over squares of positions, for each channel by
// itself. Positions that do not fill a square at the end are left out, as in PyTorch.
type AvgPool struct {
	Size   int // positions of a square on each side, or of a stretch of a sequence
	Stride int // from one square to the next; 0 is Size

	// Height, Width and Channels are the shape of the inputs; 0 takes that of the layer
	// before. A Height of 1 is a sequence.
	Height, Width, Channels int
}

// GlobalAvgPool is the Map to the mean over all positions, for each channel by itself.
// In a network that begins with Lengths it is the mean over those that count.
type GlobalAvgPool struct {
	Positions int // 0 takes those of the layer before

	// Length is how many positions count, the first ones; 0 is all of them.
	Length int
}

var (
	_ LinearMap = AvgPool{}
	_ Puller    = AvgPool{}
	_ Shaped    = AvgPool{}
	_ LinearMap = GlobalAvgPool{}
	_ Puller    = GlobalAvgPool{}
	_ Shaped    = GlobalAvgPool{}
)

// Arrange implements Shaped.
func (p AvgPool) Arrange(in Shape) (Layer, Shape, error) {
	s, err := fillShape(Shape{p.Height, p.Width, p.Channels}, in)
	if err != nil {
		return nil, in, fmt.Errorf("average pooling: %w", err)
	}
	p.Height, p.Width, p.Channels = s.Height, s.Width, s.Channels
	if p.Stride == 0 {
		p.Stride = p.Size
	}
	if err := p.check(); err != nil {
		return nil, in, err
	}
	h, w := p.grid()
	return p, Shape{h, w, p.Channels}, nil
}

// check validates the sizes of an arranged layer.
func (p AvgPool) check() error {
	if p.Size < 1 || p.Stride < 0 {
		return fmt.Errorf("average pooling of Size %d and Stride %d; both must be at least 1", p.Size, p.Stride)
	}
	if p.Size > p.Width || p.Height > 1 && p.Size > p.Height {
		return fmt.Errorf("average pooling over %d positions on each side of an image of %d×%d; the image must be at least as large", p.Size, p.Height, p.Width)
	}
	return nil
}

// grid returns the numbers of squares.
func (p AvgPool) grid() (h, w int) {
	stride := p.Stride
	if stride == 0 {
		stride = p.Size
	}
	h, w = 1, (p.Width-p.Size)/stride+1
	if p.Height > 1 {
		h = (p.Height-p.Size)/stride + 1
	}
	return h, w
}

// OutWidth implements Layer.
func (p AvgPool) OutWidth(in int) (int, error) {
	s := Shape{p.Height, p.Width, p.Channels}
	if s.Size() != in || in < 1 {
		return 0, fmt.Errorf("average pooling of %s after a width of %d", s, in)
	}
	if err := p.check(); err != nil {
		return 0, err
	}
	h, w := p.grid()
	return h * w * p.Channels, nil
}

// each calls fn for each pair of an output and an input that it is a mean of, where
// both begin, and with 1 over the inputs of an output.
func (p AvgPool) each(fn func(out, in int, mean float64)) {
	h, w := p.grid()
	stride, tall := p.Stride, p.Size
	if stride == 0 {
		stride = p.Size
	}
	if p.Height == 1 {
		tall = 1
	}
	mean := 1 / float64(tall*p.Size)
	for y := range h {
		for x := range w {
			for i := range tall {
				for j := range p.Size {
					fn((y*w+x)*p.Channels, ((y*stride+i)*p.Width+x*stride+j)*p.Channels, mean)
				}
			}
		}
	}
}

// IsLinear implements LinearMap.
func (AvgPool) IsLinear() bool { return true }

// Forward implements Map.
func (p AvgPool) Forward(out, in []float64) {
	clear(out)
	p.each(func(o, i int, mean float64) { axpy(out[o:o+p.Channels], mean, in[i:]) })
}

// Jacobian implements Map.
func (p AvgPool) Jacobian(j, in []float64) {
	clear(j)
	p.each(func(o, i int, mean float64) {
		for c := range p.Channels {
			j[(o+c)*len(in)+i+c] = mean
		}
	})
}

// Second implements Map: it is zero.
func (AvgPool) Second(q, _, _ []float64) { clear(q) }

// Pull implements Puller.
func (p AvgPool) Pull(dst, _, b []float64) {
	clear(dst)
	p.each(func(o, i int, mean float64) { axpy(dst[i:i+p.Channels], mean, b[o:]) })
}

// Arrange implements Shaped.
func (p GlobalAvgPool) Arrange(in Shape) (Layer, Shape, error) {
	if p.Positions == 0 {
		p.Positions = in.Positions()
	}
	out, err := p.OutWidth(in.Size())
	return p, flat(out), err
}

// OutWidth implements Layer.
func (p GlobalAvgPool) OutWidth(in int) (int, error) {
	if p.Positions < 1 || in%p.Positions != 0 {
		return 0, fmt.Errorf("a mean over %d positions after a width of %d; it needs a multiple of the positions", p.Positions, in)
	}
	if p.Length < 0 || p.Length > p.Positions {
		return 0, fmt.Errorf("a mean with Length = %d; of %d positions it must be from 1 to %d, or 0 for all", p.Length, p.Positions, p.Positions)
	}
	return in / p.Positions, nil
}

// MaxLength implements LengthMap.
func (p GlobalAvgPool) MaxLength() int { return p.Positions }

// AtLength implements LengthMap.
func (p GlobalAvgPool) AtLength(length int) Map {
	if p.Length == 0 || length < p.Length {
		p.Length = length
	}
	return p
}

// counted is how many positions the mean is over.
func (p GlobalAvgPool) counted() int {
	if p.Length > 0 {
		return p.Length
	}
	return p.Positions
}

// IsLinear implements LinearMap.
func (GlobalAvgPool) IsLinear() bool { return true }

// Forward implements Map.
func (p GlobalAvgPool) Forward(out, in []float64) {
	clear(out)
	for i := range p.counted() {
		axpy(out, 1/float64(p.counted()), in[i*len(out):])
	}
}

// Jacobian implements Map.
func (p GlobalAvgPool) Jacobian(j, in []float64) {
	clear(j)
	n := len(in) / p.Positions
	for i := range n * p.counted() {
		j[i%n*len(in)+i] = 1 / float64(p.counted())
	}
}

// Second implements Map: it is zero.
func (GlobalAvgPool) Second(q, _, _ []float64) { clear(q) }

// Pull implements Puller.
func (p GlobalAvgPool) Pull(dst, _, b []float64) {
	counted := len(b) * p.counted()
	for i := range counted {
		dst[i] = b[i%len(b)] / float64(p.counted())
	}
	clear(dst[counted:])
}
