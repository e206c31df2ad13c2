/**
 * The referee's wire and recordings: messages, sessions, spool, signal files,
 * video. No I/O; time is an argument.
 *
 * @module
 */

export type {
  Analysis,
  Analyzer,
  ArrivingFrame,
  PhraseAnalysis,
  Recording,
  StageProgress,
} from "./analyzer.ts";
export {
  type ClientMessage,
  type FrameMessage,
  MAX_TEXT_BYTES,
  parseClientMessage,
  type SessionEnd,
  type SessionResume,
  type SessionStart,
  type SignalMessage,
} from "./client_message.ts";
export {
  type ConnectionAction,
  failure,
  IngestConnection,
} from "./connection.ts";
export {
  decidePhrase,
  type PhraseEvidence,
  type ReasonedDecision,
  type Weapon,
  WEAPONS,
} from "./decision_maker.ts";
export { formatCsv, keypointTable, type Table } from "./keypoint_table.ts";
export {
  makeOverlayTrack,
  type OverlayFencer,
  type OverlayTrack,
} from "./overlay_track.ts";
export {
  decisionTitle,
  formatAss,
  formatVtt,
  type OverlayCaption,
  overlayCaptions,
} from "./overlay_text.ts";
export { formatXlsx } from "./spreadsheet.ts";
export {
  decideBySignal,
  type Decision,
  type Pause,
  type Tier,
} from "./decision.ts";
export { type RefereeErrorCode, RefereeProtocolError } from "./error.ts";
export { checkFrame, type FrameInfo, type FrameKind } from "./frame_check.ts";
export { FrameFormatError } from "./frame_error.ts";
export { FrameRate } from "./frame_rate.ts";
export { FrameIntervals, type FrameRange } from "./frame_intervals.ts";
export { planVideoTimes, type VideoTimes } from "./frame_times.ts";
export {
  type LimitName,
  LIMITS,
  type LimitSpec,
  MIB,
  type RefereeLimits,
  refereeLimits,
} from "./limits.ts";
export {
  FRAME_OVERHEAD,
  MatroskaLayout,
  type MatroskaTrack,
} from "./matroska.ts";
export {
  multipartBoundary,
  MultipartError,
  type MultipartEvent,
  MultipartReader,
} from "./multipart.ts";
export {
  encodeRawFrame,
  parseRawFrame,
  RAW_HEADER_BYTES,
} from "./raw_frame.ts";
export { buildResult, fitResult, type RefereeResult } from "./result.ts";
export { folderName, MAX_SAFE_NAME, safeName } from "./safe_name.ts";
export { ScoringBoxLog } from "./scoring_box.ts";
export {
  coalesceAcks,
  type ErrorMessage,
  errorMessage,
  type FrameAck,
  MAX_SERVER_MESSAGE_BYTES,
  parseServerMessage,
  type ServerMessage,
  type Stage,
  STAGES,
} from "./server_message.ts";
export { FRAME_WINDOW, RefereeSession, type SessionStats } from "./session.ts";
export type { SessionState } from "./session_state.ts";
export { SessionTable, type StreamingStats } from "./session_table.ts";
export type { Side, SignalEvent } from "./signal_event.ts";
export {
  MAX_SIGNAL_BYTES,
  parseSignalFile,
  type PhraseSignal,
} from "./signal_file.ts";
export { mapEvents, type MappedEvent } from "./signal_mapping.ts";
export { SpoolIndex, SpoolScanner } from "./spool_index.ts";
export {
  SPOOL_HEADER_BYTES,
  type SpoolEntry,
  type SpoolFrame,
  writeSpoolHeader,
} from "./spool_record.ts";
export { type SessionValidation, timeoutIssue } from "./validation.ts";
