package nn

import "costate/la/vec"

type opKind uint8

const (
	mapOp  opKind = iota // a Map of the numbers in front
	pushOp               // puts a copy of them behind them, at the begin of a residual block
	addOp                // adds what stands behind them and takes it away, at its end
)

// An op is a step without parameters on the state of a sample: the numbers that a layer
// works on, in front, and behind them those that are carried around residual blocks,
// the innermost first.
type op struct {
	kind    opKind
	m       Map // mapOp
	in, out int // numbers in front, before and after
	rest    int // numbers behind them that stay as they are

	byLength []Map // what m is for samples of so many tokens, where that matters; else nil
}

// before and after are the numbers of the state.
func (o *op) before() int {
	if o.kind == addOp {
		return 2*o.in + o.rest
	}
	return o.in + o.rest
}

func (o *op) after() int {
	if o.kind == pushOp {
		return 2*o.out + o.rest
	}
	return o.out + o.rest
}

// linear reports whether the Jacobian is the same everywhere.
func (o *op) linear() bool {
	if o.kind != mapOp {
		return true
	}
	l, ok := o.m.(LinearMap)
	return ok && l.IsLinear() && o.byLength == nil
}

// apply stores the state afterwards of every sample in out.
func (o *op) apply(out, in []float64, batch int, lengths []int) {
	nb, na := o.before(), o.after()
	for n := range batch {
		x, y := in[n*nb:(n+1)*nb], out[n*na:(n+1)*na]
		copy(y[na-o.rest:], x[nb-o.rest:])
		switch o.kind {
		case mapOp:
			o.at(lengths, n).Forward(y[:o.out:o.out], x[:o.in:o.in])
		case pushOp:
			copy(y, x[:o.in])
			copy(y[o.in:], x[:o.in])
		case addOp:
			for i := range o.in {
				y[i] = x[i] + x[o.in+i]
			}
		}
	}
}

// pull stores Jᵀb of every sample in dst; jac is workspace for a Jacobian.
func (o *op) pull(dst, in, b []float64, batch int, jac []float64, lengths []int) {
	nb, na := o.before(), o.after()
	for n := range batch {
		o.pullSample(dst[n*nb:(n+1)*nb], in[n*nb:(n+1)*nb], b[n*na:(n+1)*na], jac, o.at(lengths, n))
	}
}

// pullSample stores Jᵀb of one sample, whose map is m, in d.
func (o *op) pullSample(d, x, b, jac []float64, m Map) {
	copy(d[len(d)-o.rest:], b[len(b)-o.rest:])
	switch o.kind {
	case mapOp:
		dm, xm, bm := d[:o.in:o.in], x[:o.in:o.in], b[:o.out:o.out]
		if p, fast := m.(Puller); fast {
			p.Pull(dm, xm, bm)
			return
		}
		m.Jacobian(jac[:o.out*o.in], xm)
		transMul(dm, jac[:o.out*o.in], bm)
	case pushOp:
		for i := range o.in {
			d[i] = b[i] + b[o.in+i]
		}
	case addOp:
		copy(d, b[:o.in])
		copy(d[o.in:], b[:o.in])
	}
}

// nextJacobian stores the Jacobian of a mapOp for sample n, where jac has that of the
// sample before.
func (o *op) nextJacobian(jac, in []float64, n int, lengths []int) {
	if r, ok := o.m.(refiller); ok && n > 0 && o.byLength == nil {
		r.refill(jac, in)
		return
	}
	o.at(lengths, n).Jacobian(jac, in)
}

// transMul computes dst = Jᵀ b for J of len(b)×len(dst).
func transMul(dst, j, b []float64) {
	clear(dst)
	w := len(dst)
	for i, v := range b {
		axpy(dst, v, j[i*w:i*w+w])
	}
}

// placeJacobian stores the Jacobian of a mapOp, of the whole state: that of its map, jac,
// and an identity.
func (o *op) placeJacobian(dst, jac []float64) {
	nb := o.before()
	if o.rest == 0 {
		copy(dst[:o.out*nb], jac)
		return
	}
	clear(dst[:o.after()*nb])
	for i := range o.out {
		copy(dst[i*nb:], jac[i*o.in:(i+1)*o.in])
	}
	for i := range o.rest {
		dst[(o.out+i)*nb+o.in+i] = 1
	}
}

// right computes dst = A J for A of rows×after, with jac the Jacobian of a map.
func (o *op) right(dst, a, jac []float64, rows int) {
	nb, na := o.before(), o.after()
	for i := range rows {
		y, x := dst[i*nb:(i+1)*nb], a[i*na:(i+1)*na]
		copy(y[nb-o.rest:], x[na-o.rest:])
		switch o.kind {
		case mapOp:
			clear(y[:o.in])
			for l, v := range x[:o.out] {
				if v != 0 { // Jacobians of layers that act by position are mostly zeros
					vec.Axpy(y[:o.in], v, jac[l*o.in:(l+1)*o.in])
				}
			}
		case pushOp:
			for k := range o.in {
				y[k] = x[k] + x[o.in+k]
			}
		case addOp:
			copy(y, x[:o.in])
			copy(y[o.in:], x[:o.in])
		}
	}
}

// left computes dst = Jᵀ A for A of after×cols.
func (o *op) left(dst, a, jac []float64, cols int) {
	nb, na := o.before(), o.after()
	copy(dst[(nb-o.rest)*cols:nb*cols], a[(na-o.rest)*cols:na*cols])
	front := dst[:o.in*cols]
	switch o.kind {
	case mapOp:
		clear(front)
		for l := range o.out {
			x := a[l*cols : (l+1)*cols]
			for i, v := range jac[l*o.in : (l+1)*o.in] {
				if v != 0 {
					vec.Axpy(front[i*cols:(i+1)*cols], v, x)
				}
			}
		}
	case pushOp:
		for i := range front {
			front[i] = a[i] + a[len(front)+i]
		}
	case addOp:
		copy(front, a[:len(front)])
		copy(dst[len(front):], a[:len(front)])
	}
}
