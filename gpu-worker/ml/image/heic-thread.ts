import { parentPort, workerData } from 'node:worker_threads';
import { type HeicReply, type HeicRequest, heicReply } from './heic-reply.ts';

/** Decodes one HEIC file in a thread of its own: libheif computes for seconds, and a hostile file takes only the thread down with it. */
const { bytes, maxPixels }: HeicRequest = workerData;
const reply = await heicReply(bytes, maxPixels).catch((error): HeicReply => ({ problem: `libheif: ${error}` }));
parentPort!.postMessage(reply, 'rgba' in reply ? [reply.rgba.buffer] : []);
