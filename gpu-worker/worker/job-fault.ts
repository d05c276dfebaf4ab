import { ERROR_CODES, type ErrorCode } from '../../shared/error-codes.ts';

/** The job cannot end well, for a reason that its owner may read. */
export class JobFault extends Error {
  override readonly name = 'JobFault';
  readonly code: ErrorCode;
  /** Whether another attempt at the job may do better. */
  readonly transient: boolean;

  constructor(code: ErrorCode, message: string, options: ErrorOptions & { transient?: boolean } = {}) {
    super(message, options);
    this.code = code;
    this.transient = options.transient ?? ERROR_CODES[code].retryable;
  }
}
