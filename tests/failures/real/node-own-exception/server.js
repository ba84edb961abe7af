throw new RangeError('share of nothing')
