package pivot

// A Cost counts floating-point operations and bytes, from shapes alone.
type Cost struct {
	Point  int64 // flops of taking a new point
	Factor int64 // flops of one factorization
	Solve  int64 // flops of one solve with one right-hand side
	Bytes  int64 // memory of the factorization and its workspace
}
