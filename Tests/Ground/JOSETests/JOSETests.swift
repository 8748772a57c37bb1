// The tests of JOSE.
