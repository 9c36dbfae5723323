package blas

// ldlpart2 is the unblocked partial factorization with the contract of
// Ldlpart: the plain twin of ldlpart and ldlfront. It updates all that remains
// after every pivot. work has at least 2m elements.
func ldlpart2(m, p int, w []float64, ld int, rule pivotRule, e []float64, perm []int, work []float64) (ne, zero int, finite bool) {
	for j := range p {
		perm[j], e[j] = j, 0
	}
	swap := func(k, x, y int) {
		if x != y {
			swapSym(m, k, min(x, y), max(x, y), w, ld)
			perm[x], perm[y] = perm[y], perm[x]
		}
	}
	k, next := 0, 0
	for failed := 0; failed < p-k; {
		if next >= p {
			next = k
		}
		c := next
		a := column{gather(k, m, p, c, w, ld, work), p - k, c - k}
		t, most := a.most()
		kind := rule.one(a.v[a.c], t, most)
		if kind == pivotFails && t >= 0 {
			b := column{gather(k, m, p, k+t, w, ld, work[m:]), p - k, t}
			if kind = rule.two(a, b, most); kind == pivotPartner {
				a, c = b, k+t
			}
			if kind == pivotTwo {
				t += k
				swap(k, k, c)
				if t == k {
					t = c
				}
				swap(k, k+1, t)
				e[k] = leadTwo(k, m, p, w, ld, work)
			}
		}
		switch kind {
		case pivotNaN:
			return k, zero, false
		case pivotFails:
			failed++
			next++
			continue
		case pivotTwo:
			k++
		case pivotZero:
			swap(k, k, c)
			zero++
			clearColumn(k, m, w, ld)
		default:
			swap(k, k, c)
			frontOne(k, m, p, w, ld, gather(k, m, p, k, w, ld, work))
		}
		k++
		failed, next = 0, max(next+1, k)
		if kind == pivotPartner {
			next = k
		}
	}
	return k, zero, true
}

// leadTwo eliminates columns k and k+1 by a pivot of order two, whose off-diagonal
// element it returns.
func leadTwo(k, m, p int, w []float64, ld int, work []float64) float64 {
	w1 := gather(k, m, p, k, w, ld, work)
	w2 := gather(k, m, p, k+1, w, ld, work[m:])
	off := w1[1]
	w[(k+1)*ld+k] = 0
	frontTwo(k, m, p, w, ld, w1, w2)
	return off
}

// clearColumn makes column k zero from the diagonal on.
func clearColumn(k, m int, w []float64, ld int) {
	for i := k; i < m; i++ {
		w[i*ld+k] = 0
	}
}

// gather copies column c of the trailing front, rows k to m-1, to v.
func gather(k, m, p, c int, w []float64, ld int, v []float64) []float64 {
	v = v[:m-k]
	copy(v, w[c*ld+k:c*ld+c])
	at := c*ld + c
	for i := c; i < m; i++ {
		v[i-k] = w[at]
		at += ld
	}
	return v
}

// frontOne stores column k of L for the pivot v[0], where v holds column k of
// the trailing front, and updates the rest.
func frontOne(k, m, p int, w []float64, ld int, v []float64) {
	d := v[0]
	for i := k + 1; i < m; i++ {
		row := w[i*ld+k : i*ld+min(i+1, p)]
		l := v[i-k] / d
		row[0] = l
		row = row[1:]
		x := v[1:][:len(row)]
		for j := range row {
			row[j] -= l * x[j]
		}
	}
}

// frontTwo stores columns k and k+1 of L for the 2×2 pivot at the head of v1
// and v2, which hold these columns of the trailing front, and updates the rest.
// Division by d21 first avoids overflow: the quotients d11/d21 and d22/d21 are less
// than 1 in magnitude for the pivots that are chosen.
func frontTwo(k, m, n int, w []float64, ld int, v1, v2 []float64) {
	d21 := v1[1]
	p, q := v2[1]/d21, v1[0]/d21
	t := 1 / (p*q - 1)
	for i := k + 2; i < m; i++ {
		x, y := v1[i-k]/d21, v2[i-k]/d21
		l1, l2 := t*(p*x-y), t*(q*y-x)
		row := w[i*ld+k : i*ld+min(i+1, n)]
		row[0], row[1] = l1, l2
		row = row[2:]
		a, b := v1[2:][:len(row)], v2[2:][:len(row)]
		for j := range row {
			row[j] -= l1*a[j] + l2*b[j]
		}
	}
}
