"""The machine that gives: starts a request, makes its calls to Dintero, and ends it."""
