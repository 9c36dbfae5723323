// Package experiments compares optimizers on problems of several kinds. What they came
// to is recorded beside the code:
//
//	fixed        a batch of 64 that is kept, first- and second-order methods
//	newton       the same by the exact, indefinite Hessian
//	depth        plain networks of 10 to 100 layers
//	regression   small data to high precision
//	minibatch    mini-batches of large data
//
// costate train --experiment NAME runs one again and writes NAME.md, NAME.csv and
// NAME.png; README.md has the verdicts.
package experiments
