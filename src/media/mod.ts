/**
 * Pictures in and out: ffmpeg, sources of frames, folders and recordings of
 * frames, pictures of single frames.
 *
 * @module
 */

export { drawText, GLYPH_HEIGHT, textWidth } from "./bitmap_font.ts";
export { MediaError, MissingProgramError } from "./errors.ts";
export type { MediaErrorCode } from "./errors.ts";
export { FFMPEG_VARIABLE, findFfmpeg } from "./ffmpeg_find.ts";
export type { FfmpegLocation, FindOptions } from "./ffmpeg_find.ts";
export { ensureFfmpeg } from "./ffmpeg_fetch.ts";
export type { EnsureOptions, FetchProgress } from "./ffmpeg_fetch.ts";
export { fileInput, urlInput } from "./ffmpeg_inputs.ts";
export type { EmbeddedIndex } from "./embedded_ffmpeg.ts";
export type { FfmpegInput } from "./ffmpeg_inputs.ts";
export {
  cachedFfmpegPath,
  cacheFolder,
  FFMPEG_LICENSE,
  FFMPEG_PACKAGE_HOMEPAGE,
  FFMPEG_PACKAGE_VERSION,
  ffmpegPackage,
} from "./ffmpeg_package.ts";
export type { CacheEnvironment, FfmpegPackage } from "./ffmpeg_package.ts";
export { probeVideo } from "./ffmpeg_probe.ts";
export type { VideoInfo } from "./ffmpeg_probe.ts";
export {
  FFMPEG_REMEDY,
  FfmpegProcess,
  runFfmpeg,
  spawnFfmpeg,
} from "./ffmpeg_process.ts";
export type {
  FfmpegExit,
  FfmpegProgress,
  SpawnOptions,
} from "./ffmpeg_process.ts";
export { ffmpegVersion } from "./ffmpeg_version.ts";
export type { FfmpegVersion } from "./ffmpeg_version.ts";
export { DiskPace } from "./disk_pace.ts";
export { frameFileName, FrameFolder } from "./frame_folder.ts";
export type { FrameFolderOptions, FrameFolderStats } from "./frame_folder.ts";
export { paceFrames } from "./frame_pacer.ts";
export type { PaceOptions } from "./frame_pacer.ts";
export type { FrameSource, VideoFrame } from "./frame_source.ts";
export { type FittedJpeg, JpegFitter } from "./jpeg_fitter.ts";
export { DEFAULT_MJPEG_FPS } from "./mjpeg_file_source.ts";
export { indexMjpegFile } from "./mjpeg_index.ts";
export type { MjpegFileIndex } from "./mjpeg_index.ts";
export { openSource } from "./open_source.ts";
export type { OpenSourceOptions } from "./open_source.ts";
export { DEFAULT_QUALITY, ffmpegQuality } from "./quality.ts";
export { captionedSnapshot, contactSheet, thumbnail } from "./snapshot.ts";
export type { SheetCell, SheetOptions } from "./snapshot.ts";
export {
  MAX_CAMERA_INDEX,
  MAX_FPS,
  MAX_SOURCE_LENGTH,
  parseSource,
  SourceSpecError,
} from "./source_spec.ts";
export type { SourceSpec, SourceSpecErrorCode } from "./source_spec.ts";
export {
  checkRecording,
  recordingEnding,
  VideoRecorder,
} from "./video_recorder.ts";
export type {
  RecorderOptions,
  RecordingEnding,
  RecordingResult,
} from "./video_recorder.ts";
