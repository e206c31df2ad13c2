/**
 * All commands, in the order help shows them. A table is loaded with this
 * list; a body only when its command runs.
 *
 * @module
 */

import { bindCommand } from "./command.ts";
import type { Command } from "./command.ts";
import { chainCoordinator } from "./commands/chain_coordinator.ts";
import { chainPeer } from "./commands/chain_peer.ts";
import { chainRun } from "./commands/chain_run.ts";
import { completions } from "./commands/completions.ts";
import { convert } from "./commands/convert.ts";
import { demo } from "./commands/demo.ts";
import { doctor } from "./commands/doctor.ts";
import { help } from "./commands/help.ts";
import { man } from "./commands/man.ts";
import { refereeSend } from "./commands/referee_send.ts";
import { refereeServe } from "./commands/referee_serve.ts";
import { refereeWorker } from "./commands/referee_worker.ts";
import { rtspPlay } from "./commands/rtsp_play.ts";
import { rtspProbe } from "./commands/rtsp_probe.ts";
import { rtspServe } from "./commands/rtsp_serve.ts";
import { share } from "./commands/share.ts";
import { signal } from "./commands/signal.ts";

/** The commands of the program. */
export const commands: readonly Command[] = [
  bindCommand(
    chainCoordinator,
    () => import("./commands/chain_coordinator_run.ts"),
  ),
  bindCommand(chainPeer, () => import("./commands/chain_peer_run.ts")),
  bindCommand(chainRun, () => import("./commands/chain_run_run.ts")),
  bindCommand(rtspServe, () => import("./commands/rtsp_serve_run.ts")),
  bindCommand(rtspPlay, () => import("./commands/rtsp_play_run.ts")),
  bindCommand(rtspProbe, () => import("./commands/rtsp_probe_run.ts")),
  bindCommand(refereeServe, () => import("./commands/referee_serve_run.ts")),
  bindCommand(refereeSend, () => import("./commands/referee_send_run.ts")),
  bindCommand(refereeWorker, () => import("./commands/referee_worker_run.ts")),
  bindCommand(convert, () => import("./commands/convert_run.ts")),
  bindCommand(signal, () => import("./commands/signal_run.ts")),
  bindCommand(share, () => import("./commands/share_run.ts")),
  bindCommand(demo, () => import("./commands/demo_run.ts")),
  bindCommand(doctor, () => import("./commands/doctor_run.ts")),
  bindCommand(completions, () => import("./commands/completions_run.ts")),
  bindCommand(man, () => import("./commands/man_run.ts")),
  bindCommand(help, () => import("./commands/help_run.ts")),
];
