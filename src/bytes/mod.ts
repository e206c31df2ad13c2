/**
 * Bytes in and out: reader, writer, receive buffer, serial numbers.
 *
 * @module
 */

export { ByteReader } from "./byte_reader.ts";
export { ByteWriter } from "./byte_writer.ts";
export { ReceiveBuffer } from "./receive_buffer.ts";
export { serialDistance, SerialExtender } from "./serial_number.ts";
