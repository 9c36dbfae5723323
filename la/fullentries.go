package la

import "math"

// fullEntries holds entries of both triangles of a matrix of order n.
type fullEntries struct {
	n        int
	row, col []int32
	val      []float64

	rowPtr, colPtr []int   // after sort
	byRow          []int32 // entries by row, then column
	byCol          []int32 // entries by column, then row
}

func (f *fullEntries) grow(m int) {
	f.row = make([]int32, 0, m)
	f.col = make([]int32, 0, m)
	f.val = make([]float64, 0, m)
}

func (f *fullEntries) add(i, j int, v float64) {
	f.row = append(f.row, int32(i))
	f.col = append(f.col, int32(j))
	f.val = append(f.val, v)
}

// sort orders the entries by rows and by columns, in linear time.
func (f *fullEntries) sort() {
	m := len(f.val)
	tmp := make([]int32, m)
	f.byRow, f.byCol = make([]int32, m), make([]int32, m)
	countingSort(tmp, nil, f.col, f.n)
	f.rowPtr = countingSort(f.byRow, tmp, f.row, f.n)
	f.colPtr = countingSort(f.byCol, f.byRow, f.col, f.n)
}

// repeated finds the first element, by rows, that has more than one entry.
func (f *fullEntries) repeated() (i, j int, ok bool) {
	for p := 1; p < len(f.byRow); p++ {
		s, t := f.byRow[p-1], f.byRow[p]
		if f.row[s] == f.row[t] && f.col[s] == f.col[t] {
			return int(f.row[t]), int(f.col[t]), true
		}
	}
	return 0, 0, false
}

// sizes are the largest absolute values of an entry in each row or its column.
func (f *fullEntries) sizes() []float64 {
	size := make([]float64, f.n)
	for t, v := range f.val {
		v = math.Abs(v)
		i, j := f.row[t], f.col[t]
		size[i], size[j] = max(size[i], v), max(size[j], v)
	}
	return size
}

// symmetric sums the entries of each element and pairs row i with column i: the
// part right of the diagonal against the part below it. The lower triangle of
// the result is first built as the upper one by rows, which is the same thing
// by columns, and transposed at the end.
func (f *fullEntries) symmetric(tol float64) (*Sym, error) {
	size := f.sizes()
	var row, col []int32 // upper triangle, by rows
	var val []float64
	for i := 0; i < f.n; i++ {
		p, pEnd := f.rowPtr[i], f.rowPtr[i+1]
		q, qEnd := f.colPtr[i], f.colPtr[i+1]
		for p < pEnd && int(f.col[f.byRow[p]]) < i {
			p++
		}
		for q < qEnd && int(f.row[f.byCol[q]]) < i {
			q++
		}
		for p < pEnd || q < qEnd {
			j := int32(math.MaxInt32)
			if p < pEnd {
				j = f.col[f.byRow[p]]
			}
			if q < qEnd {
				j = min(j, f.row[f.byCol[q]])
			}
			var aij, aji float64
			for ; p < pEnd && f.col[f.byRow[p]] == j; p++ {
				aij += f.val[f.byRow[p]]
			}
			for ; q < qEnd && f.row[f.byCol[q]] == j; q++ {
				aji += f.val[f.byCol[q]]
			}
			if aij != aji {
				if !(math.Abs(aij-aji) <= tol*max(size[i], size[j])) {
					return nil, &AsymmetricError{I: i, J: int(j), Aij: aij, Aji: aji}
				}
				aij = aij/2 + aji/2
			}
			row, col, val = append(row, int32(i)), append(col, j), append(val, aij)
		}
	}
	a := &Sym{n: f.n, col: make([]int32, len(val)), val: make([]float64, len(val))}
	order := make([]int32, len(val))
	a.ptr = countingSort(order, nil, col, f.n)
	for s, t := range order {
		a.col[s] = row[t]
		a.val[s] = val[t]
	}
	return a, nil
}
