package chaintest

import (
	"math/rand/v2"

	"costate/system"
)

// dense returns a random dense stage for width inputs a sample.
func dense(rng *rand.Rand, batch, width int, s Stage) *system.DenseStage {
	d := &system.DenseStage{Batch: batch, In: width, Out: s.Out, Bias: s.Bias, Skip: s.Skip, Rows: s.Rows}
	rows := d.SampleRows()
	if s.Rows > 0 || s.In > 0 {
		if d.In = s.In; d.In == 0 && width%rows == 0 {
			d.In = width / rows
		} else {
			d.In = max(d.In, 1)
			d.Gather = gather(rng, rows*d.In, width)
		}
	}
	if s.Skip { // as many outputs as inputs, or no skip
		d.Out = max(width/rows, 1)
		d.Skip = rows*d.Out == width
	}
	if s.Ones {
		d.Ones = make([]float64, rows)
		for i := range d.Ones {
			d.Ones[i] = float64(rng.IntN(2))
		}
	}
	d.W = normal(rng, d.Out*d.In, 1/float64(max(d.In, 1)))
	d.Z = normal(rng, batch*rows*d.In, 1)
	d.Delta = normal(rng, batch*rows*d.Out, 0.3)
	pre := rows * d.Out
	out := pre
	switch {
	case s.Carry && !d.Skip:
		carry(rng, d, pre, width)
		return d
	case s.Full:
		if !d.Skip {
			out++
		}
		d.J = system.SampleMap{Batch: batch, Rows: out, Cols: pre, Full: normal(rng, batch*out*pre, 0.7)}
		d.Q = symmetric(rng, batch, pre, 0.3)
	default:
		d.J = system.SampleMap{Batch: batch, Rows: out, Cols: out, Diag: normal(rng, batch*out, 0.7)}
		d.Q = system.SampleMap{Batch: batch, Rows: out, Cols: out, Diag: normal(rng, batch*out, 0.3)}
	}
	if s.Pass && !d.Skip {
		d.Pass = &system.Pass{
			J:     anyMap(rng, batch, out, width, 0.5),
			Cross: anyMap(rng, batch, pre, width, 0.2),
			Q:     symmetric(rng, batch, width, 0.2),
		}
		if rng.IntN(3) == 0 {
			d.Pass.Q = system.SampleMap{Batch: batch, Rows: width, Cols: width, Diag: normal(rng, batch*width, 0.2)}
		}
	}
	return d
}

// carry makes the outputs of d those of a random diagonal map, then its inputs.
func carry(rng *rand.Rand, d *system.DenseStage, pre, width int) {
	out := pre + width
	d.J = system.SampleMap{Batch: d.Batch, Rows: out, Cols: pre, Full: make([]float64, d.Batch*out*pre)}
	pass := system.SampleMap{Batch: d.Batch, Rows: out, Cols: width, Full: make([]float64, d.Batch*out*width)}
	for n := range d.Batch {
		for i := range pre {
			d.J.Full[(n*out+i)*pre+i] = 0.7 * rng.NormFloat64()
		}
		for i := range width {
			pass.Full[(n*out+pre+i)*width+i] = 1
		}
	}
	d.Q = system.SampleMap{Batch: d.Batch, Rows: pre, Cols: pre, Diag: normal(rng, d.Batch*pre, 0.3)}
	d.Pass = &system.Pass{J: pass}
}

// anyMap is a map in full blocks, or by diagonals where it can be, now and then.
func anyMap(rng *rand.Rand, batch, rows, cols int, scale float64) system.SampleMap {
	if rows == cols && rng.IntN(2) == 0 {
		return system.SampleMap{Batch: batch, Rows: rows, Cols: cols, Diag: normal(rng, batch*rows, scale)}
	}
	return system.SampleMap{Batch: batch, Rows: rows, Cols: cols, Full: normal(rng, batch*rows*cols, scale)}
}

// gather has up to three entries a row, anywhere.
func gather(rng *rand.Rand, rows, cols int) *system.Matrix {
	a := &system.Matrix{Rows: rows, Cols: cols, Ptr: make([]int, rows+1)}
	for i := range rows {
		want := rng.IntN(min(cols, 3) + 1)
		for j := range cols {
			if left := cols - j; rng.IntN(left) < want {
				v := 1.0
				if rng.IntN(2) == 0 {
					v = rng.NormFloat64()
				}
				a.Col, a.Val = append(a.Col, j), append(a.Val, v)
				want--
			}
		}
		a.Ptr[i+1] = len(a.Col)
	}
	return a
}
