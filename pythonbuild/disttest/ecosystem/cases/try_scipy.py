"""Compiled C++, Fortran-like and Pythran code: optimizing, sparse systems, integrals, special functions."""

import numpy as np
from scipy import integrate, linalg, optimize, sparse, special
from scipy.sparse.linalg import spsolve

found = optimize.minimize(optimize.rosen, [1.3, 0.7, 0.8], jac=optimize.rosen_der, method="BFGS")
assert found.success
assert np.allclose(found.x, 1.0, atol=1e-4)
system = sparse.diags_array([-np.ones(99), 2 * np.ones(100), -np.ones(99)], offsets=(-1, 0, 1), format="csc")
solution = spsolve(system, np.ones(100))
assert np.allclose(system @ solution, 1.0)
assert abs(integrate.quad(lambda x: np.exp(-x * x), -np.inf, np.inf)[0] - np.pi**0.5) < 1e-8
assert np.isclose(special.gamma(5), 24)
assert np.allclose(linalg.expm(np.zeros((3, 3))), np.eye(3))
