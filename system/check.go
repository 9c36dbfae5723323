package system

import (
	"fmt"
	"math"

	"costate/la"
	"costate/la/vec"
)

// Check validates the shapes of the chain and that its numbers are finite. The
// error names the stage (from 1), the array and the index; it is a
// *la.NotFiniteError for a NaN or an infinity.
func (c *Chain) Check() error {
	if len(c.Stages) == 0 {
		return fmt.Errorf("system: the chain has no stages")
	}
	for k := range c.Stages {
		if err := c.CheckStage(k); err != nil {
			return err
		}
	}
	return c.CheckLoss()
}

// CheckStage is the part of Check for stage k, which it counts from 0, and for what it takes of
// the one before; CheckLoss is the part for the loss.
func (c *Chain) CheckStage(k int) error {
	s := c.Stages[k]
	if err := s.check(); err != nil {
		if e, ok := err.(*la.NotFiniteError); ok {
			e.Where += fmt.Sprintf(" of stage %d", k+1)
			return e
		}
		return fmt.Errorf("system: stage %d: %w", k+1, err)
	}
	if k > 0 && s.Inputs() != c.Stages[k-1].Outputs() {
		return fmt.Errorf("system: stage %d takes %d numbers, stage %d gives %d", k+1, s.Inputs(), k, c.Stages[k-1].Outputs())
	}
	return nil
}

// CheckLoss is the part of Check for the loss; see CheckStage.
func (c *Chain) CheckLoss() error {
	last := c.Stages[len(c.Stages)-1]
	if c.Loss.Batch*c.Loss.Rows != last.Outputs() {
		return fmt.Errorf("system: the loss is of order %d×%d, the last stage has %d outputs", c.Loss.Batch, c.Loss.Rows, last.Outputs())
	}
	if err := c.Loss.check("loss", c.Loss.Batch, c.Loss.Rows, c.Loss.Rows, true); err != nil {
		if e, ok := err.(*la.NotFiniteError); ok {
			return e
		}
		return fmt.Errorf("system: %w", err)
	}
	return nil
}

func (s *DenseStage) check() error {
	if s.Batch < 1 || s.In < 0 || s.Out < 1 || s.Rows < 0 || s.In == 0 && !s.Bias {
		return fmt.Errorf("bad shape: batch %d, rows %d, in %d, out %d", s.Batch, s.Rows, s.In, s.Out)
	}
	if s.Gather != nil {
		if s.Gather.Cols < 1 {
			return fmt.Errorf("Gather has %d columns, the inputs of a sample", s.Gather.Cols)
		}
		if err := s.Gather.check("Gather", s.SampleRows()*s.In, s.Gather.Cols); err != nil {
			return err
		}
		if err := finite("Gather", s.Gather.Val, len(s.Gather.Val)); err != nil {
			return err
		}
	}
	if s.Ones != nil {
		if err := finite("Ones", s.Ones, s.SampleRows()); err != nil {
			return err
		}
	}
	if err := finite("W", s.W, s.Out*s.In); err != nil {
		return err
	}
	if err := finite("Z", s.Z, s.BatchRows()*s.In); err != nil {
		return err
	}
	if s.Delta != nil {
		if err := finite("Delta", s.Delta, s.BatchRows()*s.Out); err != nil {
			return err
		}
	}
	if err := s.checkPass(); err != nil {
		return err
	}
	if err := s.J.check("J", s.Batch, s.SampleOutputs(), s.SampleStates(), false); err != nil {
		return err
	}
	return s.Q.check("Q", s.Batch, s.SampleStates(), s.SampleStates(), true)
}

// checkPass validates what goes around the pre-activations.
func (s *DenseStage) checkPass() error {
	in, pre, out := s.SampleInputs(), s.SampleStates(), s.SampleOutputs()
	if s.Skip {
		switch {
		case s.Pass != nil:
			return fmt.Errorf("a stage with Skip has a Pass, too: add the identity to its J instead")
		case in != pre:
			return fmt.Errorf("a skip needs as many outputs as inputs: in %d, out %d", in, pre)
		case out != pre:
			return fmt.Errorf("J of a stage with a skip has %d rows, want %d", out, pre)
		}
	}
	if s.Pass == nil {
		return nil
	}
	if err := s.Pass.J.check("Pass.J", s.Batch, out, in, false); err != nil {
		return err
	}
	if err := s.Pass.Cross.check("Pass.Cross", s.Batch, pre, in, false); err != nil {
		return err
	}
	return s.Pass.Q.check("Pass.Q", s.Batch, in, in, true)
}

func (m *SampleMap) check(name string, batch, rows, cols int, symmetric bool) error {
	if m.IsZero() {
		return nil
	}
	if m.Diag != nil && m.HasBlocks() || m.Full != nil && m.Sparse != nil {
		return fmt.Errorf("%s has numbers in more than one of Diag, Full and Sparse", name)
	}
	if rows < 1 {
		return fmt.Errorf("%s has blocks of %d rows", name, rows)
	}
	if m.Batch != batch || m.Rows != rows || m.Cols != cols {
		return fmt.Errorf("%s is %d blocks of %d×%d, want %d of %d×%d", name, m.Batch, m.Rows, m.Cols, batch, rows, cols)
	}
	switch {
	case m.Diag != nil:
		if rows != cols {
			return fmt.Errorf("%s is diagonal but %d×%d", name, rows, cols)
		}
		return finite(name, m.Diag, batch*rows)
	case m.Sparse != nil:
		if symmetric {
			return fmt.Errorf("%s is Sparse; a symmetric map has Diag or Full", name)
		}
		if err := m.Pattern.check(name, rows, cols); err != nil {
			return err
		}
		return finite(name, m.Sparse, batch*len(m.Pattern.Col))
	}
	if err := finite(name, m.Full, batch*rows*cols); err != nil {
		return err
	}
	if symmetric {
		for n := range batch {
			b := m.Full[n*rows*rows:]
			for i := range rows {
				for j := range i {
					x, y := b[i*rows+j], b[j*rows+i]
					// Products are symmetric but for rounding.
					if d := math.Abs(x - y); d > 1e-12*(math.Abs(x)+math.Abs(y)) && d > 1e-300 {
						return fmt.Errorf("%s of sample %d is not symmetric at (%d,%d): %v and %v", name, n, i, j, x, y)
					}
				}
			}
		}
	}
	return nil
}

func (s *BlockStage) check() error {
	if s.P < 0 || s.NIn < 0 || s.NOut < 1 {
		return fmt.Errorf("bad shape: %d parameters, %d inputs, %d outputs", s.P, s.NIn, s.NOut)
	}
	for _, m := range []struct {
		name       string
		m          *Matrix
		rows, cols int
		sym        bool
	}{
		{"F", s.F, s.NOut, s.NIn, false}, {"G", s.G, s.NOut, s.P, false},
		{"A", s.A, s.P, s.P, true}, {"C", s.C, s.P, s.NIn, false}, {"Q", s.Q, s.NIn, s.NIn, true},
	} {
		if m.m == nil {
			if m.name == "F" && s.NIn > 0 || m.name == "G" && s.P > 0 {
				return fmt.Errorf("%s is missing", m.name)
			}
			continue
		}
		check := m.m.check
		if m.sym {
			check = func(name string, rows, _ int) error { return m.m.checkSymmetric(name, rows) }
		}
		if err := finite(m.name, m.m.Val, len(m.m.Val)); err != nil {
			return err
		}
		if err := check(m.name, m.rows, m.cols); err != nil {
			return err
		}
	}
	return nil
}

// finite reports a wrong length, or the first NaN or infinity of a.
func finite(name string, a []float64, n int) error {
	if len(a) != n {
		return fmt.Errorf("%s has length %d, want %d", name, len(a), n)
	}
	if i := vec.FirstNotFinite(a); i >= 0 {
		return &la.NotFiniteError{Where: name, Index: i, Value: a[i]}
	}
	return nil
}
