import unittest


class Sums(unittest.TestCase):
    def test_two_and_two_are_five(self):
        self.assertEqual(2 + 2, 5)
