package system

// A Chain is a network linearised on a batch: a linear-quadratic chain. For a
// parameter direction x = (x_1, …, x_L) its stages carry first-order changes
//
//	y_0 = 0,   y_k = stage k's linear map of (x_k, y_{k-1})
//
// and the second derivative of the loss along x is the quadratic form
//
//	xᵀ H x = Σ_k (stage k's quadratic in x_k, y_{k-1} and its states) + y_Lᵀ R y_L
//
// where R, in Loss, is the Hessian of the loss in the outputs of the last
// stage, sample by sample. H is the Hessian of the loss in the parameters, or
// its Gauss–Newton part (see GaussNewton).
//
// All arrays are stored by rows; an array of B samples by a units holds unit i of
// sample n at n*a+i. The parameters of a chain are those of its stages, one after
// the other. Nothing in this library writes to a Chain, and goroutines may share
// one.
//
// Sources: B. A. Pearlmutter, Fast exact multiplication by the Hessian, Neural
// Computation 6 (1994); J. C. Dunn and D. P. Bertsekas, Efficient dynamic
// programming implementations of Newton's method for unconstrained optimal
// control problems, JOTA 63 (1989); A. Rahimi, The Hessian of tall-skinny
// networks is easy to invert, arXiv:2601.06096 (2026).
type Chain struct {
	Stages []Stage

	// Loss is R: for each sample a symmetric matrix of the order of the last
	// stage's outputs per sample. A chain that ends in a BlockStage may hold
	// it with Batch = 1 as one matrix over all outputs. It already contains
	// the mean over the batch.
	Loss SampleMap
}

// A Stage is one step of a chain: *DenseStage or *BlockStage.
type Stage interface {
	// Params is the length of x_k: the number of parameters.
	Params() int
	// Inputs is the length of y_{k-1}, over the whole batch.
	Inputs() int
	// Outputs is the length of y_k, over the whole batch.
	Outputs() int
	// States is the number of states, and of costates, that the stage has in
	// the augmented system: its outputs for a BlockStage, its pre-activations
	// for a DenseStage, and both for a DenseStage with Skip or Pass.
	States() int
	// Boundary is the number of states that the outputs are computed from, which
	// are the last ones of the stage. The next stage couples to no others.
	Boundary() int

	// check validates the shapes and that the numbers are finite; see
	// Chain.Check.
	check() error
	// gaussNewton returns the stage without its second-derivative terms.
	gaussNewton() Stage
	// isGaussNewton reports whether it has none.
	isGaussNewton() bool

	productFlops(inner bool) int64
	entries(prev readout, inner bool) int64
	readout() readout

	// outside returns what the stages after this one need to know of it.
	outside() Stage
}

// A SampleMap is a block-diagonal matrix with one block a sample, each Rows×Cols.
// One of three arrays holds the blocks: Diag the diagonals of square diagonal ones,
// Batch×Rows, Full all elements, Batch×Rows×Cols, or Sparse those of a Pattern. What a
// value with none of them stands for is said where one is used: the identity for J,
// zero for Q.
type SampleMap struct {
	Batch, Rows, Cols int
	Diag              []float64
	Full              []float64

	// Sparse holds the elements of Pattern, Batch×len(Pattern.Col), in its order; the
	// others are zero. Maps from one space to another may be sparse, symmetric ones,
	// such as Q, not.
	Sparse  []float64
	Pattern *Pattern
}

// IsZero reports whether m holds no numbers.
func (m *SampleMap) IsZero() bool { return m.Diag == nil && !m.HasBlocks() }

// HasBlocks reports whether m holds whole blocks, which need not be square, rather than
// diagonals or nothing.
func (m *SampleMap) HasBlocks() bool { return m.Full != nil || m.Sparse != nil }

// A BlockStage gives its derivatives as matrices over the whole batch,
//
//	y_k = F y_{k-1} + G x_k,      quadratic  xᵀA x + 2 xᵀC y_{k-1} + y_{k-1}ᵀQ y_{k-1}
//
// In the words of optimal control F and G are the dynamics and A, C, Q the
// stage cost; in the paper's letters F = D_z, G = D_x, A = D_xx, C = D_xz and
// Q = D_zz. A, C and Q may be nil, which stands for zero; A and Q are symmetric, and
// both of their triangles are stored. In a first stage NIn may be 0 and F, C and Q
// nil.
type BlockStage struct {
	P, NIn, NOut int // numbers of parameters, inputs and outputs

	F *Matrix // NOut×NIn
	G *Matrix // NOut×P
	A *Matrix // P×P
	C *Matrix // P×NIn
	Q *Matrix // NIn×NIn
}

// A Matrix is a sparse matrix by compressed rows: the entries of row i are
// Val[Ptr[i]:Ptr[i+1]] in the columns Col[Ptr[i]:Ptr[i+1]], ascending, without
// repetition.
type Matrix struct {
	Rows, Cols int
	Ptr        []int
	Col        []int
	Val        []float64
}

// Params is P.
func (s *BlockStage) Params() int { return s.P }

// Inputs is NIn.
func (s *BlockStage) Inputs() int { return s.NIn }

// Outputs is NOut.
func (s *BlockStage) Outputs() int { return s.NOut }

// States is NOut: the outputs themselves.
func (s *BlockStage) States() int { return s.NOut }

// Boundary is NOut.
func (s *BlockStage) Boundary() int { return s.NOut }

// Params is the number of parameters of the chain: the order of H.
func (c *Chain) Params() int {
	n := 0
	for _, s := range c.Stages {
		n += s.Params()
	}
	return n
}

// States is the number of states of the chain in the augmented system.
func (c *Chain) States() int {
	n := 0
	for _, s := range c.Stages {
		n += s.States()
	}
	return n
}

// GaussNewton returns the chain of the Gauss–Newton matrix: the same first
// derivatives and loss, without δ and the second derivatives of the stages.
// It shares c's arrays.
func (c *Chain) GaussNewton() *Chain {
	g := &Chain{Stages: make([]Stage, len(c.Stages)), Loss: c.Loss}
	for k, s := range c.Stages {
		g.Stages[k] = s.gaussNewton()
	}
	return g
}

// IsGaussNewton reports whether no stage has second derivatives, so that H is
// the Gauss–Newton matrix: JᵀRJ for the Jacobian J of the outputs and the Loss R.
func (c *Chain) IsGaussNewton() bool {
	for _, s := range c.Stages {
		if !s.isGaussNewton() {
			return false
		}
	}
	return true
}

func (s *BlockStage) isGaussNewton() bool { return s.A == nil && s.C == nil && s.Q == nil }

func (s *BlockStage) gaussNewton() Stage {
	t := *s
	t.A, t.C, t.Q = nil, nil, nil
	return &t
}
