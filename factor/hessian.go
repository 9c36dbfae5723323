package factor

import (
	"sync"

	"costate/factor/internal/certify"
	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// A hessian is the matrix H + diag(ε_1 I, …, ε_L I) of a chain, or another H, by products: a
// certify.Operator.
type hessian struct {
	chain   *system.Chain
	given   Products // in place of the chain; nil if there is one
	point   int      // how many the chain has stood for: it may be the same one with other numbers
	backend blas.Backend
	n       int
	offsets []int     // first parameter of each stage; L+1 long
	eps     []float64 // damping by stage

	mu    sync.Mutex // guards what follows
	norm  float64    // lower bound of ‖H + D‖₂
	steps int        // power steps since the last change
	v     []float64  // where they have come to: a unit vector, or zero

	pool space.Pool[productSpace]
}

// productSpace is the workspace of a product.
type productSpace struct {
	point   int // that product is of
	product *system.Product
	v       []float64
	of      *hessian // that has lent it to follow a solve
}

// begin prepares for chains of the shapes of c.
func (h *hessian) begin(c *system.Chain, backend blas.Backend) {
	h.chain, h.point, h.backend, h.n = c, 1, backend, c.Params()
	h.offsets = make([]int, len(c.Stages)+1)
	for k, s := range c.Stages {
		h.offsets[k+1] = h.offsets[k] + s.Params()
	}
	h.eps, h.v = make([]float64, len(c.Stages)), make([]float64, h.n)
	h.changed()
}

// beginProducts prepares for a matrix that is known by its products.
func (h *hessian) beginProducts(p Products) {
	h.given, h.n = p, p.SymmetricDim()
	h.offsets = []int{0, h.n}
	h.eps, h.v = make([]float64, 1), make([]float64, h.n)
	h.changed()
}

// move takes another point of the same shapes.
func (h *hessian) move(c *system.Chain) {
	h.chain = c
	h.point++
	h.changed()
}

// changed forgets what is known of the norm. The next power steps go on from
// where the last ones have come: most often the matrix has changed little.
func (h *hessian) changed() { h.norm, h.steps = 0, 0 }

// damped says that dampings have changed by at most so much, and the norm not by
// more.
func (h *hessian) damped(by float64) {
	switch {
	case by == 0:
	case h.norm-h.norm == 0 && by < h.norm:
		h.norm, h.steps = h.norm-by, 0
	default:
		h.changed()
	}
}

func (h *hessian) lend() *productSpace {
	w := h.pool.Get()
	if h.given == nil && w.point != h.point {
		if w.product == nil {
			w.product = system.NewProduct(h.chain, h.backend)
		} else {
			w.product.Reset(h.chain)
		}
		w.point = h.point
	}
	return w
}

// Order is the number of parameters.
func (h *hessian) Order() int { return h.n }

// MulTo computes dst = (H + D) x.
func (h *hessian) MulTo(dst, x []float64) {
	w := h.lend()
	defer h.pool.Put(w)
	w.v = space.Resize(w.v, h.n)
	if h.given != nil {
		h.given.MulTo(w.v, x)
	} else {
		w.product.HessVec(w.v, x)
	}
	for k, e := range h.eps {
		vec.Axpy(w.v[h.offsets[k]:h.offsets[k+1]], e, x[h.offsets[k]:])
	}
	copy(dst, w.v)
}

// Form returns xᵀ(H + D)x; scratch has the length of x.
func (h *hessian) Form(x, scratch []float64) float64 {
	if h.given != nil {
		h.MulTo(scratch, x)
		return vec.Dot(scratch, x)
	}
	w := h.lend()
	defer h.pool.Put(w)
	sum := w.product.Form(x)
	for k, e := range h.eps {
		part := x[h.offsets[k]:h.offsets[k+1]]
		sum += e * vec.Dot(part, part)
	}
	return sum
}

// ResidualTo computes r = b − (H + D) x in twice the working precision.
func (h *hessian) ResidualTo(r, b, x []float64) {
	if h.given != nil {
		h.given.ResidualTo(r, b, x, h.eps[0])
		return
	}
	w := h.lend()
	defer h.pool.Put(w)
	w.product.ResidualTo(r, b, x, h.eps)
}

// Follow begins a residual of an x that comes stage by stage, where that pays.
func (h *hessian) Follow(x []float64) certify.Follower {
	w := h.lend()
	if !w.product.Follow(x) {
		h.pool.Put(w)
		return nil
	}
	w.of = h
	return w
}

// Came and ResidualTo make a productSpace that was lent a certify.Follower.
func (w *productSpace) Came(stages int) { w.product.Came(stages) }

func (w *productSpace) ResidualTo(r, b []float64) {
	h := w.of
	defer h.pool.Put(w)
	w.product.ResidualFollowed(r, b, h.eps)
}

// IsZero is false: the elements of H + D are not at hand.
func (h *hessian) IsZero() bool { return false }

// Norm is the greatest ‖(H + D) v‖ of the unit vectors met.
func (h *hessian) Norm() float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.norm
}

// powerSteps bounds the products that estimate the norm: of Hessians of
// networks, whose largest eigenvalues stand apart, four from an irregular vector
// come within a third.
const powerSteps = 4

// Sharpen makes a power step.
func (h *hessian) Sharpen() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.steps >= powerSteps || h.n == 0 {
		return false
	}
	if vec.Norm2(h.v) == 0 {
		irregular(h.v)
		vec.Scale(h.v, 1/vec.Norm2(h.v), h.v)
	}
	h.steps++
	h.MulTo(h.v, h.v)
	norm := vec.Norm2(h.v)
	if norm-norm != 0 {
		h.norm, h.steps = norm, powerSteps
		clear(h.v)
		return true
	}
	if norm <= 1.01*h.norm {
		h.steps = powerSteps // a percent is no matter to a bound that may be a third off
	}
	better := norm > h.norm
	h.norm = max(h.norm, norm)
	if norm > 0 {
		vec.Scale(h.v, 1/norm, h.v)
	}
	return better
}

// estimate is the bound of the norm made as sharp as it gets.
func (h *hessian) estimate() float64 {
	for h.Sharpen() {
	}
	return h.Norm()
}
