/**
 * `rtsp-serve --publish`: our streams to servers elsewhere.
 *
 * @module
 */

export type { PublisherReport, RtspPublisherOptions } from "./options.ts";
export { PublishError, RtspPublisher } from "./publisher.ts";
