import { HoldfastError } from '@holdfast/core';
