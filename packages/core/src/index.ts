export { ERROR_CODES, type ErrorCode, HoldfastError, type HoldfastErrorOptions, isHoldfastError } from './errors/index.js';
