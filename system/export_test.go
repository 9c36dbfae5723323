package system

// Emissions is how many entries Assemble wrote.
func (a *Augmented) Emissions() int64 { return int64(len(a.slots)) }
