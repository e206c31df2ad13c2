/**
 * NTP time as RTCP carries it (RFC 3550 section 4, RFC 5905 section 6): seconds
 * since 1900 and 2^-32 fractions.
 *
 * @module
 */

/** Seconds from 1900-01-01 to 1970-01-01. */
const UNIX_EPOCH_IN_NTP = 2_208_988_800;

/** Half an NTP era in seconds: readings nearer to `0` than this belong to the era from 2036. */
const HALF_ERA = 2 ** 31;

/** A 64-bit NTP time in its two halves. */
export interface NtpTime {
  /** Whole seconds, 32 bit; wraps in 2036. */
  readonly seconds: number;
  /** Fraction in 2^-32 s. */
  readonly fraction: number;
}

/** NTP time of a Unix time in milliseconds. */
export function ntpFromUnix(milliseconds: number): NtpTime {
  const whole = Math.floor(milliseconds / 1000);
  const fraction = Math.floor(
    ((milliseconds - whole * 1000) / 1000) * 2 ** 32,
  );
  return {
    seconds: (whole + UNIX_EPOCH_IN_NTP) >>> 0,
    fraction: fraction >>> 0,
  };
}

/**
 * Unix time in milliseconds of an NTP time. Seconds below 2^31 are read as the
 * era that begins in 2036 (RFC 5905 section 6).
 */
export function unixFromNtp(time: NtpTime): number {
  const era = time.seconds < HALF_ERA ? 2 ** 32 : 0;
  return (time.seconds + era - UNIX_EPOCH_IN_NTP) * 1000 +
    (time.fraction / 2 ** 32) * 1000;
}

/** The middle 32 bits, as LSR and DLSR use them: units of 1/65536 s. */
export function ntpMiddle(time: NtpTime): number {
  return (((time.seconds & 0xffff) << 16) | (time.fraction >>> 16)) >>> 0;
}

/**
 * Round-trip time in milliseconds of a reception report (RFC 3550 section
 * 6.4.1): `arrival` is when the report came. `undefined` when the reporter has
 * seen no sender report yet, or when its figures make no sense.
 */
export function roundTripTime(
  arrival: NtpTime,
  lastSenderReport: number,
  delaySinceLastSenderReport: number,
): number | undefined {
  if (lastSenderReport === 0) return undefined;
  const units =
    (ntpMiddle(arrival) - lastSenderReport - delaySinceLastSenderReport) | 0;
  return units < 0 ? undefined : (units / 65536) * 1000;
}
