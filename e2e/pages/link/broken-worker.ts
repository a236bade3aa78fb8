throw new RangeError('this script is broken');
