/**
 * How Node runs the bridge, here as everywhere. Bytes that pass leave buffers behind, in a young generation that is large
 * enough never to be full of their small owners: Node then gives them back by collections of everything, which stop keys
 * for 10 to 60 ms. A small one is collected in under a millisecond, and files cost half the processor.
 */
export const nodeOptions: readonly string[] = ["--max-semi-space-size=1"];
