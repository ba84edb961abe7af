"""Ends before it serves anything: the module that it imports is installed nowhere."""

import module_that_nobody_wrote

module_that_nobody_wrote.serve()
