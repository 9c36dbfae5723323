package factor

// Products is a symmetric matrix H that is known by its products alone, such as the curvature
// of a batch that several processes hold together (train.Shards of costate/nn/train). CG and
// MINRES solve with it. Methods are called by as many goroutines as solve at once.
type Products interface {
	// SymmetricDim is the order n of H.
	SymmetricDim() int

	// MulTo stores H x in dst, both of length n; dst may be x.
	MulTo(dst, x []float64)

	// ResidualTo stores b − (H + eps·I) x in r, all of length n, from sums in twice the working
	// precision that are rounded at the end; r may be b, and not x.
	ResidualTo(r, b, x []float64, eps float64)
}

// productsCost counts one iteration without the product, which is not known, and the vectors.
func productsCost(n int64) Cost { return Cost{Solve: 20 * n, Bytes: 8 * 12 * n} }

// analyseProducts is analyse without a chain.
func (f *iterative) analyseProducts(m krylovMethod, p Products, opts *Options) error {
	f.method = m
	f.judged = judged{}
	f.opts = opts.withDefaults()
	f.matrix.beginProducts(p)
	return f.planIterations(productsCost(int64(f.matrix.n)))
}

// AnalyseProducts prepares for a matrix that is known by its products, in place of Analyse. p is
// kept; when it stands for another matrix it is analysed again, which takes no time, and Update
// panics with ErrShape. It has one damping, as a chain of one stage.
func (f *CG) AnalyseProducts(p Products, opts *Options) error {
	f.Reset()
	return f.analyseProducts(conjugateGradients{}, p, opts)
}

// AnalyseProducts prepares for a matrix that is known by its products; see that of CG.
func (f *MINRES) AnalyseProducts(p Products, opts *Options) error {
	f.Reset()
	return f.analyseProducts(minimalResiduals{}, p, opts)
}
