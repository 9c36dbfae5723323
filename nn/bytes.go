package nn

import "math"

// LinearizationBytes estimates the memory of a Linearization of this network on a batch,
// without second derivatives if gaussNewton is true. Where samples have full matrices, as
// behind attention or pooling, it grows with the square of the numbers of a sample. It is
// math.MaxInt64 if that cannot be counted.
func (n *Network) LinearizationBytes(batch int, gaussNewton bool) int64 {
	p := n.plan
	total := 2 * float64(p.params)
	b := float64(batch)
	total += b * float64(2*p.width+p.rowsMax+p.inputs)
	if !p.loss.Diagonal() {
		total += b * float64(p.outputs) * float64(p.outputs)
	}
	for k := range p.steps {
		s := &p.steps[k]
		in, out, pre := float64(s.in), float64(s.out), float64(s.pre())
		if s.kind != denseStep {
			total += b * (out + 1.5*out*in) // with the columns of a sparse matrix
			if !gaussNewton {
				total += b * 1.5 * in * in
			}
			continue
		}
		total += b * (5*pre + float64(len(s.index)) + float64(s.keep))
		for i := range s.ops {
			total += b * float64(s.ops[i].after())
		}
		if s.plain() {
			continue
		}
		total += b * out * pre
		pass := s.keep > 0 && k > 0
		if pass {
			total += b * out * in
		}
		if !gaussNewton && s.bent() {
			total += b * pre * pre
			if pass {
				total += b * (pre*in + in*in)
			}
		}
	}
	if bytes := 8 * total; bytes < math.MaxInt64/2 {
		return int64(bytes)
	}
	return math.MaxInt64
}
