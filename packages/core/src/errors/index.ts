export { ERROR_CODES, type ErrorCode } from './codes.js';
export { HoldfastError, type HoldfastErrorOptions, isHoldfastError } from './holdfast-error.js';
