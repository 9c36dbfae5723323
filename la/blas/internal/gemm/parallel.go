package gemm

import "sync"

// serialFlops is the number of multiplications below which one thread is
// faster than two (TestCalibrateThreads).
const serialFlops = 64 * 64 * 64

// largePiece is the number of multiplications from which on a region is halved:
// it costs little to pack for both halves, and threads that do not run at the
// same speed finish together.
const largePiece = 512 * 512 * 512

// useful returns the number of threads that p can keep busy.
func (p *product) useful(threads int) int {
	return int(max(1, min(int64(threads), p.work()/serialFlops)))
}

// work is the number of multiplications.
func (p *product) work() int64 {
	w := int64(p.m) * int64(p.n) * int64(p.k)
	if p.shape != whole {
		w /= 2
	}
	return w
}

// A job is a parallel product. It is used again, so that starting one does not
// allocate.
type job struct {
	p    product
	s    *isa
	cuts []rect
	team *Team
}

// A rect is the region of one goroutine.
type rect struct{ i0, i1, j0, j1 int }

var spareJobs struct {
	sync.Mutex
	list []*job
}

func getJob() *job {
	spareJobs.Lock()
	defer spareJobs.Unlock()
	if n := len(spareJobs.list); n > 0 {
		j := spareJobs.list[n-1]
		spareJobs.list = spareJobs.list[:n-1]
		return j
	}
	j := new(job)
	j.team = NewTeam(j.part)
	return j
}

func (j *job) release() {
	j.p = product{}
	spareJobs.Lock()
	spareJobs.list = append(spareJobs.list, j)
	spareJobs.Unlock()
}

// parallel computes p with several goroutines, each of which packs what it
// needs by itself: they never wait for each other.
func (p *product) parallel(s *isa, threads int) {
	j := getJob()
	j.p, j.s = *p, s
	pieces := threads
	if p.work() > int64(pieces)*largePiece {
		pieces *= 2
	}
	j.cuts = p.cut(j.cuts[:0], pieces, s)
	j.team.Share(len(j.cuts), threads)
	j.release()
}

func (j *job) part(i int) {
	r := j.cuts[i]
	if r.i0 < r.i1 && r.j0 < r.j1 {
		j.s.region(&j.p, r.i0, r.i1, r.j0, r.j1)
	}
}

// cut shares C out.
func (p *product) cut(to []rect, threads int, s *isa) []rect {
	if p.shape != whole {
		return p.cutTriangle(to, threads, s)
	}
	// A grid of rows×cols regions, as square as the number of threads allows.
	rows, best := 1, -1
	for r := 1; r <= threads; r++ {
		if threads%r != 0 {
			continue
		}
		edge := p.m/r + p.n/(threads/r)
		if best < 0 || edge <= best {
			rows, best = r, edge
		}
	}
	cols := threads / rows
	for x := 0; x < rows; x++ {
		for y := 0; y < cols; y++ {
			to = append(to, rect{
				part(p.m, s.mr, x, rows), part(p.m, s.mr, x+1, rows),
				part(p.n, s.nr, y, cols), part(p.n, s.nr, y+1, cols),
			})
		}
	}
	return to
}

// part is the start of piece x of n, cut in pieces at multiples of unit.
func part(n, unit, x, pieces int) int {
	units := (n + unit - 1) / unit
	return min(n, units*x/pieces*unit)
}

// cutTriangle shares the rows of a triangle out, equal areas to all.
func (p *product) cutTriangle(to []rect, threads int, s *isa) []rect {
	total := p.n * (p.n + 1) / 2
	i, area := 0, 0
	for x := 1; x <= threads; x++ {
		start := i
		for i < p.n && area < total*x/threads {
			for end := min(p.n, i+s.mr); i < end; i++ {
				lo, hi := p.columns(i)
				area += hi - lo
			}
		}
		if x == threads {
			i = p.n
		}
		r := rect{start, i, 0, p.n}
		if p.shape == lower {
			r.j1 = i
		} else {
			r.j0 = start
		}
		to = append(to, r)
	}
	return to
}
