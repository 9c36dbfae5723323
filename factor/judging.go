package factor

import (
	"unsafe"

	"gonum.org/v1/gonum/mat"

	"costate/factor/internal/certify"
	"costate/la"
	"costate/la/vec"
)

// What every face does with a judge: turn matrices into rows, and findings into
// public values and errors.

// solveVec solves for one right-hand side. The error is a *la.NotFiniteError;
// dst is then not written.
func solveVec(j *certify.Judge, dst *mat.VecDense, b mat.Vector) (certify.Outcome, error) {
	n := j.Order()
	if b.Len() != n {
		panic(ErrShape)
	}
	if n == 0 {
		return certify.Outcome{}, nil
	}
	sizeVec(dst, n)
	raw := dst.RawVector()
	job, inPlace := vecJob(j, raw.Data, raw.Inc, b)
	defer job.Done()
	if i := job.NotFinite(); i >= 0 {
		return certify.Outcome{}, notFinite(job.B(), i, n)
	}
	o := job.Solve()
	if inPlace {
		return o, nil
	}
	if raw.Inc == 1 {
		copy(raw.Data, job.X())
		return o, nil
	}
	for i, v := range job.X() {
		raw.Data[i*raw.Inc] = v
	}
	return o, nil
}

// vecJob is a job for b: on the vectors themselves where they are contiguous and apart, and else
// on copies.
func vecJob(j *certify.Judge, dst []float64, inc int, b mat.Vector) (job certify.Job, inPlace bool) {
	if v, ok := b.(*mat.VecDense); ok && inc == 1 && v.RawVector().Inc == 1 && apart(dst, v.RawVector().Data) {
		return j.JobOn(dst, v.RawVector().Data), true
	}
	job = j.Job(1)
	gatherVec(job.B(), b)
	return job, false
}

// apart reports whether two slices have no memory in common.
func apart(x, y []float64) bool {
	if len(x) == 0 || len(y) == 0 {
		return true
	}
	a, b := uintptr(unsafe.Pointer(&x[0])), uintptr(unsafe.Pointer(&y[0]))
	return a+8*uintptr(len(x)) <= b || b+8*uintptr(len(y)) <= a
}

// gatherVec copies b.
func gatherVec(dst []float64, b mat.Vector) {
	if v, ok := b.(*mat.VecDense); ok && v.RawVector().Inc == 1 {
		copy(dst, v.RawVector().Data)
		return
	}
	for i := range dst {
		dst[i] = b.AtVec(i)
	}
}

// solveDense solves for the columns of b, as solveVec.
func solveDense(j *certify.Judge, dst *mat.Dense, b mat.Matrix) (certify.Outcome, error) {
	n := j.Order()
	r, nrhs := b.Dims()
	if r != n {
		panic(ErrShape)
	}
	if n == 0 || nrhs == 0 {
		return certify.Outcome{}, nil
	}
	sizeDense(dst, n, nrhs)
	job := j.Job(nrhs)
	defer job.Done()
	gatherColumns(job.B(), n, b, n, nrhs)
	if err := finiteColumns(job.B(), n); err != nil {
		return certify.Outcome{}, err
	}
	o := job.Solve()
	raw := dst.RawMatrix()
	vec.Transpose(raw.Data, raw.Stride, job.X(), n, nrhs, n)
	return o, nil
}

// gatherColumns copies the columns of b to the rows of dst, which are ld apart.
func gatherColumns(dst []float64, ld int, b mat.Matrix, n, nrhs int) {
	if d, ok := b.(*mat.Dense); ok {
		raw := d.RawMatrix()
		vec.Transpose(dst, ld, raw.Data, raw.Stride, n, nrhs)
		return
	}
	for j := range nrhs {
		for i := range n {
			dst[j*ld+i] = b.At(i, j)
		}
	}
}

// finiteColumns checks right-hand sides stored by rows of length n.
func finiteColumns(b []float64, n int) error {
	if i := vec.FirstNotFinite(b); i >= 0 {
		return notFinite(b, i, n)
	}
	return nil
}

// notFinite is the error for element i of them.
func notFinite(b []float64, i, n int) error {
	return &NotFiniteError{Where: "right-hand side", Index: i % n, Value: b[i]}
}

// sizeVec resizes an empty dst to n elements, and panics with ErrShape if another
// has a different length. No elements leave dst as it is: gonum has no empty vectors
// but those without a size.
func sizeVec(dst *mat.VecDense, n int) {
	if n == 0 {
		return
	}
	if dst.IsEmpty() {
		dst.ReuseAsVec(n)
	} else if dst.Len() != n {
		panic(ErrShape)
	}
}

// sizeDense is sizeVec for a matrix.
func sizeDense(dst *mat.Dense, r, c int) {
	if r == 0 || c == 0 {
		return
	}
	if dst.IsEmpty() {
		dst.ReuseAs(r, c)
	} else if dr, dc := dst.Dims(); dr != r || dc != c {
		panic(ErrShape)
	}
}

// inertiaOf are the counts of a judge as an inertia of order n.
func inertiaOf(c certify.Counts, n int) la.Inertia {
	return la.Inertia{Negative: c.Negative, Zero: c.Zero, Positive: n - c.Negative - c.Zero, Certain: c.Certain}
}

// logDetOf returns the log-determinant of a judge, its sign, 0 if the matrix is
// singular or the inertia uncertain, and a bound of the error.
func logDetOf(j *certify.Judge) (log, sign, bound float64) {
	log, bound = j.LogDet()
	switch c := j.Inertia(); {
	case !c.Certain || c.Zero > 0:
		return log, 0, bound
	case c.Negative%2 == 1:
		return log, -1, bound
	}
	return log, 1, bound
}

// solved records how a solve went.
func (r *Report) solved(o certify.Outcome) {
	r.BackwardError, r.Refinements, r.Norm = o.Reached, o.Refinements, o.Norm
}

// accuracy is the error of a solve, nil if it met the tolerance.
func accuracy(o certify.Outcome, tolerance float64, f certify.Finding) error {
	if o.Met(tolerance) {
		return nil
	}
	return &AccuracyError{Reached: o.Reached, Wanted: tolerance, Column: o.Column, Singular: f.Kind == certify.Singular}
}
