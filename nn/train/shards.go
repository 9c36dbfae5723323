package train

import (
	"errors"
	"runtime"
	"sync/atomic"

	"costate/internal/space"
	"costate/la/ranks"
	"costate/la/vec"
	"costate/nn"
)

// Shards evaluates batches on all ranks of MPI (package costate/la/ranks): each holds its
// share of the samples, and loss, gradient and products with the Gauss–Newton matrix or the
// Hessian are the sums of the ranks' shares of them, one MPI_Allreduce each. After Linearize it
// is a factor.Products, with which factor.CG and factor.MINRES solve. In a Run it serves the
// optimizers that need nothing but gradients, and LevenbergMarquardt with a sub-sample for
// the curvature (Task.Curvature), whose factorization stays with rank 0. The others need
// all of a batch in one place and return an error.
//
//	rank 0    samples ──deal── θ ──▶ own share ─┐            ┌──▶ step
//	             ╲  once a batch ╲              ├ sum ───────┤
//	rank k        share ───────── θ ──▶ share  ─┘            └──▶ (nothing)
//
// Results are those without Shards but for rounding, and the same for the same number of
// ranks. One goroutine at a time may use a Shards.
type Shards struct {
	number  int
	shard   shard // of rank 0
	batch   *nn.Batch
	version int
	dealt   bool
	exact   bool // the next linearization is for the Hessian
	loss    float64
	grad    []float64
}

// shardsJob is what ranks know the evaluation by.
const shardsJob = "nn/train"

// makeNetwork makes the network of a description; see HandleNetworks.
var makeNetwork func(description []byte) (*nn.Network, error)

// HandleNetworks says how ranks make the network that NewShards describes. A program calls
// it before mumps.Serve, or in an init function.
func HandleNetworks(f func(description []byte) (*nn.Network, error)) { makeNetwork = f }

var (
	shardsMade atomic.Int64
	followed   = map[int]*shard{} // by number, on other ranks than 0
)

func init() { ranks.Handle(shardsJob, followShard) }

// NewShards has all ranks make the network of a description that the function of
// HandleNetworks understands. Runs with these Shards are for networks of the same layers.
// It returns ranks.ErrNotBuilt in a build without MPI.
func NewShards(description []byte) (*Shards, error) {
	if err := ranks.Start(); err != nil {
		return nil, err
	}
	s := &Shards{number: int(shardsMade.Add(1))}
	runtime.AddCleanup(s, func(number int) {
		go (&shardCommand{Step: shardEnd, Number: number}).call(func() {}) // it may wait for a part
	}, s.number)
	return s, s.call(&shardCommand{Step: shardNew, Description: description}, func() {})
}

// A shardStep is what all ranks do together.
type shardStep int

const (
	shardNew shardStep = iota
	shardTake
	shardLinearize
	shardLoss
	shardProduct
	shardResidual
	shardEnd
)

// A shardCommand is what rank 0 tells the others to do.
type shardCommand struct {
	Step        shardStep
	Number      int
	Description []byte // of shardNew
	All         int    // of shardTake: samples of the whole batch
	Curvature   bool   // of shardLinearize
	Exact       bool   // the curvature is the Hessian's
}

func (s *Shards) call(c *shardCommand, own func()) error {
	c.Number = s.number
	return c.call(own)
}

func (c *shardCommand) call(own func()) error {
	return ranks.Call(shardsJob, ranks.Encode(c), own)
}

// followShard is the part of other ranks than 0.
func followShard(message []byte) {
	var c shardCommand
	ranks.Decode(message, &c)
	s := followed[c.Number]
	switch c.Step {
	case shardNew:
		if makeNetwork == nil {
			ranks.Fail(errors.New("the program has no train.HandleNetworks"))
		}
		net, err := makeNetwork(c.Description)
		if err != nil {
			ranks.Fail(err)
		}
		followed[c.Number] = &shard{net: net}
	case shardTake:
		var b nn.Batch
		ranks.Decode(ranks.Scatter(nil), &b)
		s.take(&b, c.All)
	case shardLinearize:
		s.broadcastParams()
		s.parts.exact = c.Exact
		s.linearize(s.scratch(s.net.NumParams()+2), c.Curvature)
	case shardLoss:
		s.broadcastParams()
		s.lossAt(s.scratch(2))
	case shardProduct:
		v := s.scratch(s.net.NumParams())
		ranks.Broadcast(v)
		s.product(v, v)
	case shardResidual:
		n := s.net.NumParams()
		y := s.scratch(3 * n)
		x := y[2*n:]
		clear(y[:2*n])
		ranks.Broadcast(x)
		s.residual(y[:2*n], x)
	case shardEnd:
		delete(followed, c.Number)
	}
}

// take deals the samples of a task, unless the ranks have them.
func (s *Shards) take(t *Task) error {
	if s.dealt && s.batch == t.Batch && s.version == t.Version {
		return nil
	}
	s.batch, s.version, s.dealt = t.Batch, t.Version, true
	n, in, out := t.Batch.N, t.Net.Inputs(), t.Net.Targets()
	return s.call(&shardCommand{Step: shardTake, All: n}, func() {
		share := func(rank int) nn.Batch {
			return rows(t.Batch, rank*n/ranks.Size(), (rank+1)*n/ranks.Size(), in, out)
		}
		ranks.Scatter(func(rank int) []byte {
			if rank == 0 {
				return nil // it has them
			}
			return ranks.Encode(share(rank))
		})
		own := share(0)
		s.shard.take(&own, n)
	})
}

// Linearize has all ranks linearize their shares of a batch, dealt out anew if it is another one than
// before, at the parameters of net, whose layers are those of NewShards. MulTo and ResidualTo are
// then products with the Gauss–Newton matrix or, with exact, the Hessian of the whole batch. It
// returns loss and gradient, which hold until the next call.
func (s *Shards) Linearize(net *nn.Network, batch *nn.Batch, exact bool) (loss float64, grad []float64, err error) {
	s.exact = exact
	defer func() { s.exact = false }()
	err = s.linearize(&Task{Net: net, Batch: batch, Version: s.version}, net, true)
	return s.loss, s.grad, err
}

// linearize evaluates loss and gradient of the task at the parameters of net and, with
// curvature, prepares for products.
func (s *Shards) linearize(t *Task, net *nn.Network, curvature bool) error {
	if err := s.take(t); err != nil {
		return err
	}
	s.shard.net = net
	sum := s.shard.scratch(net.NumParams() + 2)
	var failed error
	err := s.call(&shardCommand{Step: shardLinearize, Curvature: curvature, Exact: s.exact}, func() {
		s.shard.parts.exact = s.exact
		s.shard.broadcastParams()
		failed = s.shard.linearize(sum, curvature)
	})
	s.loss = sum[0]
	s.grad = append(s.grad[:0], sum[2:]...)
	return errors.Join(err, failed)
}

// lossAt is the loss of the batch of the last task at the parameters of net.
func (s *Shards) lossAt(net *nn.Network) (float64, error) {
	s.shard.net = net
	sum := s.shard.scratch(2)
	var failed error
	err := s.call(&shardCommand{Step: shardLoss}, func() {
		s.shard.broadcastParams()
		failed = s.shard.lossAt(sum)
	})
	return sum[0], errors.Join(err, failed)
}

// SymmetricDim is the number of parameters, once there was a linearization.
func (s *Shards) SymmetricDim() int { return s.shard.net.NumParams() }

// ResidualTo stores b − (G + eps·I) v in r, from sums over all ranks in twice the working
// precision; r may be b, and not v.
func (s *Shards) ResidualTo(r, b, v []float64, eps float64) {
	err := s.call(&shardCommand{Step: shardResidual}, func() {
		y := s.shard.scratch(2 * len(v))
		for i, x := range v {
			h, l := vec.TwoProd(-eps, x)
			y[2*i], y[2*i+1] = vec.TwoSum(b[i], h)
			y[2*i+1] += l
		}
		ranks.Broadcast(v)
		s.shard.residual(y, v)
		for i := range r {
			r[i] = y[2*i] + y[2*i+1]
		}
	})
	if err != nil {
		panic(err) // MPI has started
	}
}

// MulTo stores G v in dst, for the Gauss–Newton matrix G, or the Hessian, of the whole batch.
func (s *Shards) MulTo(dst, v []float64) {
	err := s.call(&shardCommand{Step: shardProduct}, func() {
		copy(dst, v)
		ranks.Broadcast(dst)
		s.shard.product(dst, dst)
	})
	if err != nil {
		panic(err) // MPI has started
	}
}

// A shard is what one rank has of a batch.
type shard struct {
	net   *nn.Network
	batch nn.Batch
	share float64 // of the whole batch
	parts parts
	theta []float64 // scratch
	buf   []float64 // of scratch
}

// scratch is n numbers of any value, which hold until the next call.
func (s *shard) scratch(n int) []float64 {
	s.buf = space.Resize(s.buf, n)
	return s.buf
}

func (s *shard) take(b *nn.Batch, all int) { s.batch, s.share = *b, float64(b.N)/float64(all) }

// broadcastParams gives the parameters of rank 0 to all ranks.
func (s *shard) broadcastParams() {
	s.theta = space.Resize(s.theta, s.net.NumParams())
	s.net.ParamsTo(s.theta)
	ranks.Broadcast(s.theta)
	s.net.SetParams(s.theta)
}

// linearize leaves in sum the loss, how many ranks failed, and the gradient.
func (s *shard) linearize(sum []float64, curvature bool) error {
	clear(sum)
	var err error
	if s.batch.N > 0 {
		if err = s.parts.Linearize(s.net, &s.batch, curvature); err == nil {
			sum[0] = s.share * s.parts.Loss
			vec.Axpy(sum[2:], s.share, s.parts.Gradient)
		}
	}
	return s.sum(sum, err)
}

// lossAt leaves in sum the loss and how many ranks failed.
func (s *shard) lossAt(sum []float64) error {
	clear(sum)
	var err error
	if s.batch.N > 0 {
		s.parts.layOut(s.net, &s.batch)
		if sum[0], err = s.parts.loss(s.net); err == nil {
			sum[0] *= s.share
		}
	}
	return s.sum(sum, err)
}

// sum adds over all ranks. Where any has failed it returns the error of the first on rank 0.
func (s *shard) sum(x []float64, err error) error {
	if err != nil {
		x[1] = 1
	}
	if ranks.Sum(x); x[1] == 0 {
		return nil
	}
	return ranks.Agree(err)
}

// product computes dst = G v, summed over all ranks; dst may be v.
func (s *shard) product(dst, v []float64) {
	if s.batch.N > 0 {
		s.parts.MulTo(dst, v)
		vec.Scale(dst, s.share, dst)
	} else {
		clear(dst)
	}
	ranks.Sum(dst)
}

// residual computes y − G x, summed over all ranks, in pairs. On other ranks than 0 y is 0 before.
func (s *shard) residual(y, x []float64) {
	if s.batch.N > 0 {
		s.parts.subtract(y, x, s.share)
	}
	ranks.SumPairs(y)
}
