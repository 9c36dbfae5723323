// Package laplace gives a trained network the uncertainty of its parameters and
// predictions: the Laplace approximation, with all of the curvature and nothing of the
// order of parameters squared. With the loss as a negative log-likelihood and a normal
// prior, at a minimum w* of both together, the posterior is taken for
//
//	N(w*, Σ),   Σ = (Σ_n H_n + Λ)⁻¹
//
// where H_n is the Hessian, or the Gauss–Newton matrix, of the negative log-likelihood
// of sample n, and Λ holds the prior precisions. Sums are meant, not means: a prior
// precision λ is a damping λ/N of the mean loss.
//
//	net ──Retrain──▶ w* ──Fit──▶ posterior ──▶ LogMarginal, MaximizeEvidence
//	                   ▲             │    └──▶ Predict, SampleTo, VarianceTo, StageCovarianceTo
//	                   └─ Alternate ◀┘
//
// With GaussNewton all answers come from output space (factor.Gram), where q = samples
// times outputs (less one for the cross-entropy) has to be a few thousand at most and the
// number of parameters may be millions, or from the matrix of the parameters
// (factor.Dense), where they are a few thousand and the samples may be many, whichever
// counts fewer flops. ExactHessian factors the chain, and refuses a point that
// is no minimum.
//
// The evidence (log marginal likelihood) at fixed w* is jointly concave in the
// logarithms of all prior precisions and of 1/σ²: det(I + Σ e^{−θ_k}G_k) with positive
// semidefinite G_k is a polynomial in e^{−θ_k} with coefficients that are not negative,
// whose logarithm is convex. MaximizeEvidence therefore finds the one maximum, by
// Newton's method.
//
// Its limit is that of the sum over all training data. For large data mini-batch methods
// serve better.
//
// Sources: D. J. C. MacKay, A practical Bayesian framework for backpropagation networks,
// Neural Computation 4 (1992), and The evidence framework applied to classification
// networks, the same; E. Daxberger and others, Laplace redux — effortless Bayesian deep
// learning, NeurIPS 2021, whose conventions these are; A. Immer and others, Scalable
// marginal likelihood estimation for model selection in deep learning, ICML 2021.
package laplace
