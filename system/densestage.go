package system

import "costate/la/vec"

// A DenseStage is one weight matrix that acts on every row of every sample,
// followed by a map of each element or of each sample. A sample of the layer's
// input is a vector of numbers, from which the stage makes Rows rows of In numbers:
// the positions of a convolution, the tokens of a sequence, the value and the
// derivatives of a field. With one row, and no Gather, Ones or Pass, it is a dense
// layer. For the change y of the inputs, X_k = [dW | db] of shape Out×(In+1), the
// gather A and the bias column c,
//
//	s_k = (A y_{k-1}) Wᵀ + [Z, c] X_kᵀ     change of the pre-activations, Batch·Rows×Out
//	y_k = J s_k + T y_{k-1}                change of the outputs, T = Pass.J, I with Skip
//
// and it adds to the quadratic form
//
//	2 Σ_ρ δ_ρᵀ dW (A y_{k-1})_ρ  +  Σ_n s_nᵀ Q_n s_n  +  2 s_nᵀ C_n y_n + y_nᵀ D_n y_n
//
// over all rows ρ and samples n, where y_n is the change of the inputs of sample n
// and C = Pass.Cross, D = Pass.Q. The rows of a sample stand together: row r of
// sample n is row n·Rows+r of Z, δ and s, and the pre-activations of a sample are
// one vector of Rows·Out numbers. In a first stage, whose inputs are fixed, W, Gather
// and Pass have no part.
//
// The parameters stand in the order W by rows, then b.
type DenseStage struct {
	Batch, In, Out int
	Bias           bool

	// Rows is the number of rows of a sample; 0 stands for 1.
	Rows int

	// Gather is A, the same for every sample: it makes the Rows·In numbers of a
	// sample's rows of its inputs. An input may be gathered more than once,
	// weighted, or not at all. Nil is the identity, of order Rows·In.
	Gather *Matrix

	// Ones is c, what a sample's rows have in the place of the bias: Rows
	// numbers, for instance 0 where a row is a derivative. Nil is all ones.
	Ones []float64

	W []float64 // Out×In
	Z []float64 // Batch·Rows×In, the gathered rows of the layer's input z_{k-1}

	// Delta is ∂ℓ/∂u, Batch·Rows×Out; nil for Gauss–Newton.
	Delta []float64

	// J is the derivative of the map from pre-activations to outputs, sample
	// by sample, of Rows·Out columns; the zero value stands for the identity.
	// With Skip it must be square.
	J SampleMap

	// Q is the second derivative of that map contracted with ∂ℓ/∂y (for an
	// activation b⊙φ''), of order Rows·Out; the zero value stands for 0, as in
	// Gauss–Newton.
	Q SampleMap

	// Skip makes the stage residual: z_k = z_{k-1} + map(u_k), with as many
	// outputs as inputs. It is the Pass with J = I, without storing it.
	Skip bool

	// Pass is what the map takes from the inputs of the stage besides the
	// pre-activations; nil where it takes nothing, and with Skip.
	Pass *Pass
}

// A Pass is the part of the derivatives of a map z' = ψ(u, z) that belongs to z,
// the inputs of its stage: skips of any kind, gates, and inputs that are carried on
// to a later stage. Each may be the zero value, which stands for 0.
type Pass struct {
	J     SampleMap // ∂ψ/∂z: outputs×inputs of a sample
	Cross SampleMap // ∂²ψ/∂u∂z contracted with ∂ℓ/∂y: Rows·Out×inputs
	Q     SampleMap // ∂²ψ/∂z² contracted with ∂ℓ/∂y: inputs×inputs, symmetric
}

// Params is Out·(In+1) with a bias, Out·In without.
func (s *DenseStage) Params() int {
	if s.Bias {
		return s.Out * (s.In + 1)
	}
	return s.Out * s.In
}

// SampleRows is the number of rows of a sample, 1 where Rows is 0.
func (s *DenseStage) SampleRows() int { return max(s.Rows, 1) }

// BatchRows is the number of rows of all samples.
func (s *DenseStage) BatchRows() int { return s.Batch * s.SampleRows() }

// SampleInputs is the number of inputs of a sample: the columns of Gather, or
// Rows·In.
func (s *DenseStage) SampleInputs() int {
	if s.Gather != nil {
		return s.Gather.Cols
	}
	return s.SampleRows() * s.In
}

// SampleStates is the number of pre-activations of a sample: Rows·Out.
func (s *DenseStage) SampleStates() int { return s.SampleRows() * s.Out }

// SampleOutputs is the number of outputs of a sample: the rows of a J in full
// blocks, else Rows·Out.
func (s *DenseStage) SampleOutputs() int {
	if s.J.HasBlocks() {
		return s.J.Rows
	}
	return s.SampleStates()
}

// Inputs is Batch times SampleInputs.
func (s *DenseStage) Inputs() int { return s.Batch * s.SampleInputs() }

// Outputs is Batch times SampleOutputs.
func (s *DenseStage) Outputs() int { return s.Batch * s.SampleOutputs() }

// passes reports whether the outputs take something from the inputs besides the
// pre-activations, so that they are states of their own.
func (s *DenseStage) passes() bool { return s.Skip || s.Pass != nil }

// States is the number of pre-activations; with Skip or Pass the outputs are states,
// too.
func (s *DenseStage) States() int {
	if s.passes() {
		return s.Batch*s.SampleStates() + s.Outputs()
	}
	return s.Batch * s.SampleStates()
}

// Boundary is the number of pre-activations, and with Skip or Pass that of outputs.
func (s *DenseStage) Boundary() int {
	if s.passes() {
		return s.Outputs()
	}
	return s.Batch * s.SampleStates()
}

func (s *DenseStage) isGaussNewton() bool {
	return s.Delta == nil && s.Q.IsZero() && (s.Pass == nil || s.Pass.Cross.IsZero() && s.Pass.Q.IsZero())
}

func (s *DenseStage) gaussNewton() Stage {
	t := *s
	t.Delta, t.Q = nil, SampleMap{}
	if s.Pass != nil {
		t.Pass = &Pass{J: s.Pass.J}
	}
	return &t
}

// GatherRows returns A y, the rows that the stage makes of the inputs y of the
// batch: y itself without a Gather, else in dst, of Batch·Rows·In numbers.
func (s *DenseStage) GatherRows(dst, y []float64) []float64 {
	a := s.Gather
	if a == nil {
		return y
	}
	dst = dst[:s.Batch*a.Rows]
	if a.isLeading() {
		for n := range s.Batch {
			copy(dst[n*a.Rows:(n+1)*a.Rows], y[n*a.Cols:])
		}
		return dst
	}
	clear(dst)
	for n := range s.Batch {
		a.mulAdd(dst[n*a.Rows:(n+1)*a.Rows], y[n*a.Cols:(n+1)*a.Cols])
	}
	return dst
}

// ScatterAdd computes dst += Aᵀ g, where g has a row for each row of the batch
// and dst a number for each input. The stage has a Gather.
func (s *DenseStage) ScatterAdd(dst, g []float64) {
	a := s.Gather
	leading := a.isLeading()
	for n := range s.Batch {
		if leading {
			vec.Axpy(dst[n*a.Cols:n*a.Cols+a.Rows], 1, g[n*a.Rows:])
			continue
		}
		a.mulTransAdd(dst[n*a.Cols:(n+1)*a.Cols], g[n*a.Rows:(n+1)*a.Rows])
	}
}

// one is c at row r of the batch, what multiplies the bias there.
func (s *DenseStage) one(r int) float64 {
	if s.Ones == nil {
		return 1
	}
	return s.Ones[r%len(s.Ones)]
}

// AugmentedRow returns z̄ at row r of the batch, [Z, c], in dst, which has In
// numbers, and one more with a bias.
func (s *DenseStage) AugmentedRow(dst []float64, r int) {
	copy(dst[:s.In], s.Z[r*s.In:(r+1)*s.In])
	if s.Bias {
		dst[s.In] = s.one(r)
	}
}

// OnesProduct writes c_r c'_l for row r of the batch and the rows l from 0 on of other's
// batch: what the bias column adds to the products of rows of z̄. other is the same
// layer, maybe on other samples.
func (s *DenseStage) OnesProduct(dst []float64, r int, other *DenseStage) {
	if s.Ones == nil && other.Ones == nil {
		for l := range dst {
			dst[l] = 1
		}
		return
	}
	c := s.one(r)
	for l := range dst {
		dst[l] = c * other.one(l)
	}
}
