/**
 * SRTP under rtsps: keys both ways, packets and reports protected.
 */

import assert from "node:assert/strict";
import {
  decodeMikey,
  decodeRtpPacket,
  encodeMikey,
  encodeRtcpCompound,
  ntpFromUnix,
  type SrtpMaster,
  SrtpReceiver,
  SrtpSender,
} from "../../src/rtp/mod.ts";
import { waitUntil } from "../support/wait.ts";
import {
  framesOf,
  type RawResponse,
  readArrival,
  rtpInfo,
  type RtspClient,
} from "./support/rtsp_scene.ts";
import { HAS_OPENSSL, withTlsServer } from "./support/rtsp_tls.ts";

const OPTIONS = { ignore: !HAS_OPENSSL } as const;

function fixedKey(byte: number): SrtpMaster {
  return {
    key: new Uint8Array(16).fill(byte),
    salt: new Uint8Array(14).fill(byte),
    profile: "AES_CM_128_HMAC_SHA1_80",
  };
}

/** What a player's KeyMgmt header says. */
function keyManagement(uri: string, master: SrtpMaster, ssrc: number): string {
  const message = encodeMikey({
    bundleId: 1,
    streams: [{ ssrc, rollover: 0 }],
    time: ntpFromUnix(0),
    random: new Uint8Array(16),
    master,
  });
  return `prot=mikey;uri="${uri}";data="${message.toBase64()}"`;
}

/** The message in a description or in the answer to SETUP. */
function mikeyOf({ head, body }: RawResponse) {
  const [, base64] = /key-mgmt:mikey (\S+)/.exec(body) ??
    /KeyMgmt: prot=mikey;uri="[^"]+";data="([^"]+)"/.exec(head) ?? [];
  return decodeMikey(Uint8Array.fromBase64(base64!));
}

function listen(): Deno.DatagramConn {
  return Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
}

/** A viewer over UDP with a key of its own. */
async function playSecurely(
  client: RtspClient,
  uri: string,
  master: SrtpMaster,
) {
  const [rtp, rtcp] = [listen(), listen()];
  const ports = [rtp, rtcp].map(({ addr }) => (addr as Deno.NetAddr).port);
  const setup = await client.request("SETUP", `${uri}/trackID=0`, {
    Transport: `RTP/SAVP;unicast;client_port=${ports.join("-")}`,
    KeyMgmt: keyManagement(`${uri}/trackID=0`, master, 7),
  });
  assert.equal(setup.status, 200);
  const session = setup.header("Session").split(";")[0]!;
  const play = await client.request("PLAY", uri, { Session: session });
  return { rtp, rtcp, setup, play, session };
}

Deno.test({
  ...OPTIONS,
  name:
    "over UDP packets and reports are SRTP, with the key of the description (needs openssl)",
  fn: () =>
    withTlsServer({ loop: true }, async ({ connectTls, url, running }) => {
      const client = await connectTls();
      const uri = url("/movie");
      const described = await client.request("DESCRIBE", uri);
      assert.match(described.body, /^m=video 0 RTP\/SAVP 26\r$/m);
      const { master } = mikeyOf(described);
      const theirs = fixedKey(9);
      const { rtp, rtcp, setup, play } = await playSecurely(
        client,
        uri,
        theirs,
      );
      using sockets = new DisposableStack();
      sockets.defer(() => rtp.close());
      sockets.defer(() => rtcp.close());
      assert.match(setup.header("Transport"), /^RTP\/SAVP;unicast;client_port/);
      const answered = mikeyOf(setup);
      assert.deepEqual(answered.master, master);
      const ssrc = parseInt(
        /ssrc=(\w+)/.exec(setup.header("Transport"))![1]!,
        16,
      );
      assert.deepEqual(answered.streams, [{ ssrc, rollover: 0 }]);

      const receiver = new SrtpReceiver(master);
      const packets = [];
      while (framesOf(packets).length < 3) {
        const [datagram] = await rtp.receive();
        packets.push(decodeRtpPacket(receiver.unprotectRtp(datagram)));
      }
      assert.equal(packets[0]!.sequence, rtpInfo(play).sequence);
      assert.equal(packets[0]!.ssrc, ssrc);

      const [report, from] = await rtcp.receive();
      const clear = readArrival(receiver.unprotectRtcp(report));
      assert.ok(clear.kind === "rtcp");
      assert.equal(clear.packets[0]!.type, "sender-report");
      const compound = encodeRtcpCompound([{
        type: "receiver-report",
        ssrc: 7,
        reports: [{
          ssrc,
          fractionLost: 0,
          cumulativeLost: 3,
          highestSequence: 0,
          jitter: 0,
          lastSenderReport: 0,
          delaySinceLastSenderReport: 0,
        }],
      }]);
      // In clear, or under another key, it is nobody's.
      await rtcp.send(compound, from);
      await rtcp.send(new SrtpSender(fixedKey(1)).protectRtcp(compound), from);
      await rtcp.send(new SrtpSender(theirs).protectRtcp(compound), from);
      const seen = await waitUntil(() =>
        running.server.report().sessions.find(({ packetsLost }) =>
          packetsLost !== null
        )
      );
      assert.equal(seen.packetsLost, 3);
      assert.equal(seen.secure, true);
    }),
});

Deno.test({
  ...OPTIONS,
  name:
    "viewers of one stream share its key and never a source (needs openssl)",
  fn: () =>
    withTlsServer(
      { sources: ["pattern:160x120@10"] },
      async ({ connectTls, url }) => {
        const sources = new Set<number>();
        for (let viewer = 0; viewer < 2; viewer++) {
          const client = await connectTls();
          const { master } = mikeyOf(
            await client.request("DESCRIBE", url("/pattern")),
          );
          const { rtp, rtcp } = await playSecurely(
            client,
            url("/pattern"),
            fixedKey(viewer),
          );
          const [datagram] = await rtp.receive();
          const packet = decodeRtpPacket(
            new SrtpReceiver(master).unprotectRtp(datagram),
          );
          sources.add(packet.ssrc);
          rtp.close();
          rtcp.close();
        }
        assert.equal(sources.size, 2);
      },
    ),
});

Deno.test({
  ...OPTIONS,
  name:
    "within the connection packets are SRTP or in clear, as asked (needs openssl)",
  fn: () =>
    withTlsServer({ loop: true }, async ({ connectTls, url }) => {
      for (const protocol of ["RTP/SAVP", "RTP/AVP"]) {
        const client = await connectTls();
        const described = await client.request("DESCRIBE", url("/movie"));
        const { session, setup } = await client.setup(
          url("/movie"),
          `${protocol}/TCP;unicast;interleaved=2-3`,
        );
        assert.match(
          setup.header("Transport"),
          new RegExp(`^${protocol}/TCP;unicast;interleaved=2-3;ssrc=`),
        );
        await client.request("PLAY", url("/movie"), { Session: session });
        const receiver = new SrtpReceiver(mikeyOf(described).master);
        const packets = [];
        for await (const { channel, bytes } of client.frames()) {
          if (channel !== 2) continue;
          packets.push(decodeRtpPacket(
            protocol === "RTP/SAVP" ? receiver.unprotectRtp(bytes) : bytes,
          ));
          if (framesOf(packets).length === 2) break;
        }
      }
    }),
});

Deno.test({
  ...OPTIONS,
  name:
    "what TLS hides does not leave in clear over UDP; a key nobody can read is 463 (needs openssl)",
  fn: () =>
    withTlsServer({}, async ({ connectTls, url }) => {
      const client = await connectTls();
      const setup = (headers: Record<string, string>) =>
        client.request("SETUP", `${url("/movie")}/trackID=0`, headers);
      const clear = "RTP/AVP;unicast;client_port=20000-20001";
      assert.equal((await setup({ Transport: clear })).status, 461);
      const secure = "RTP/SAVP;unicast;client_port=20000-20001";
      const refused = await setup({
        Transport: secure,
        KeyMgmt: `prot=mikey;uri="";data="AQAFAA=="`,
      });
      assert.equal(refused.status, 463);
      assert.equal(refused.header("Session"), "");
      // The next alternative is taken on the same connection.
      const both = await setup({
        Transport: `${clear},RTP/AVP/TCP;unicast;interleaved=0-1`,
      });
      assert.equal(both.status, 200);
      assert.match(both.header("Transport"), /TCP/);
    }),
});

Deno.test({
  ...OPTIONS,
  name:
    "with --tcp-only all is in the connection, without SRTP (needs openssl)",
  fn: () =>
    withTlsServer({ tcpOnly: true }, async ({ connectTls, url }) => {
      const client = await connectTls();
      const described = await client.request("DESCRIBE", url("/movie"));
      assert.match(described.body, /^m=video 0 RTP\/AVP 26\r$/m);
      assert.doesNotMatch(described.body, /key-mgmt/);
      const { setup } = await client.setup(
        url("/movie"),
        "RTP/SAVP/TCP;unicast;interleaved=0-1",
      );
      assert.equal(setup.status, 461);
    }),
});
