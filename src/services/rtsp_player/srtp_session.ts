/**
 * SRTP of one stream: the server's packets opened, our reports protected.
 *
 * @module
 */

import {
  decodeMikey,
  encodeMikey,
  ntpFromUnix,
  RtpProtocolError,
  SRTP_KEY_LENGTH,
  SRTP_SALT_LENGTH,
  type SrtpMaster,
  SrtpReceiver,
  SrtpSender,
} from "../../rtp/mod.ts";
import {
  mediaCryptos,
  mediaMikey,
  type SdpDescription,
  type SdpMedia,
} from "../../sdp/mod.ts";

/** Bytes of a MIKEY message's random part (RFC 3830 section 6.11 asks for 16). */
const RANDOM_LENGTH = 16;

/** Our key, and the server's once it is known. */
export class SrtpSession {
  /** Our MIKEY message in base64, for SETUP. */
  readonly keyManagement: string;
  readonly #sender: SrtpSender;
  #receiver: SrtpReceiver | undefined;

  /** Makes a key for what `ssrc` sends, out of `random` bytes. */
  constructor(
    ssrc: number,
    unixMs: number,
    random: (length: number) => Uint8Array,
  ) {
    const master: SrtpMaster = {
      key: random(SRTP_KEY_LENGTH),
      salt: random(SRTP_SALT_LENGTH),
      profile: "AES_CM_128_HMAC_SHA1_80",
    };
    this.#sender = new SrtpSender(master);
    this.keyManagement = encodeMikey({
      bundleId: new DataView(random(4).buffer).getUint32(0),
      streams: [{ ssrc, rollover: 0 }],
      time: ntpFromUnix(unixMs),
      random: random(RANDOM_LENGTH),
      master,
    }).toBase64();
  }

  /** Whether the server's key is known. */
  get ready(): boolean {
    return this.#receiver !== undefined;
  }

  /**
   * Takes the key that a description gives, by MIKEY (RFC 4567) or in the clear
   * (RFC 4568); none there is no fault, as the answer to SETUP may bring it.
   *
   * @throws {RtpProtocolError} when it is of a kind we do not know.
   */
  acceptDescription(description: SdpDescription, media: SdpMedia): void {
    const mikey = mediaMikey(description, media);
    if (mikey !== undefined) {
      this.acceptMikey(mikey);
      return;
    }
    for (const { suite, parameters } of mediaCryptos(media)) {
      const master = readInlineKey(suite, parameters);
      if (master === undefined) continue;
      this.#receiver = new SrtpReceiver(master);
      return;
    }
  }

  /**
   * Takes the server's MIKEY message in base64.
   *
   * @throws {RtpProtocolError} when it cannot be read.
   */
  acceptMikey(base64: string): void {
    let bytes: Uint8Array;
    try {
      bytes = Uint8Array.fromBase64(base64);
    } catch {
      throw new RtpProtocolError(
        "MIKEY_UNSUPPORTED",
        "Cannot use MIKEY message: it is not in base64",
      );
    }
    const { master, streams } = decodeMikey(bytes);
    this.#receiver = new SrtpReceiver(
      master,
      new Map(streams.map(({ ssrc, rollover }) => [ssrc, rollover])),
    );
  }

  /**
   * An RTP packet in clear, decrypted where it lies.
   *
   * @throws {RtpProtocolError} when it is not the server's, or came before.
   */
  openRtp(bytes: Uint8Array): Uint8Array {
    return this.#key().unprotectRtp(bytes);
  }

  /**
   * An RTCP compound in clear, decrypted where it lies.
   *
   * @throws {RtpProtocolError} as {@linkcode SrtpSession.openRtp}.
   */
  openRtcp(bytes: Uint8Array): Uint8Array {
    return this.#key().unprotectRtcp(bytes);
  }

  /** Our report, protected. */
  protectRtcp(compound: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#sender.protectRtcp(compound);
  }

  #key(): SrtpReceiver {
    if (this.#receiver !== undefined) return this.#receiver;
    throw new RtpProtocolError(
      "SRTP_BAD_KEY",
      "Cannot open SRTP packet: the server gave no key",
    );
  }
}

/** The key of an `a=crypto:` line: `inline:` and base64 of key and salt (RFC 4568 section 6.1). */
function readInlineKey(
  suite: string,
  parameters: string,
): SrtpMaster | undefined {
  const known = suite === "AES_CM_128_HMAC_SHA1_80" ||
    suite === "AES_CM_128_HMAC_SHA1_32";
  const match = /^inline:([A-Za-z0-9+/=]+)/.exec(parameters);
  if (!known || match === null) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.fromBase64(match[1]!);
  } catch {
    return undefined;
  }
  if (bytes.length !== SRTP_KEY_LENGTH + SRTP_SALT_LENGTH) return undefined;
  return {
    key: bytes.slice(0, SRTP_KEY_LENGTH),
    salt: bytes.slice(SRTP_KEY_LENGTH),
    profile: suite,
  };
}
