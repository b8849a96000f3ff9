"""A server and a client of gRPC over the loopback interface, and over TLS-less HTTP/2 with a failing call."""

from concurrent import futures

import grpc


def upper(request: bytes, context: grpc.ServicerContext) -> bytes:
    """Answer in capital letters; an empty message is a mistake."""
    if not request:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "nothing to do")
    return request.upper()


def count(request: bytes, _context: grpc.ServicerContext):
    """Answer with a stream."""
    yield from (str(number).encode() for number in range(int(request)))


handlers = grpc.method_handlers_generic_handler(
    "Probe",
    {
        "Upper": grpc.unary_unary_rpc_method_handler(upper),
        "Count": grpc.unary_stream_rpc_method_handler(count),
    },
)
server = grpc.server(futures.ThreadPoolExecutor(max_workers=2), handlers=(handlers,))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
with grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_http_proxy", 0)]) as channel:
    assert channel.unary_unary("/Probe/Upper")(b"hello", timeout=30) == b"HELLO"
    assert list(channel.unary_stream("/Probe/Count")(b"3", timeout=30)) == [b"0", b"1", b"2"]
    try:
        channel.unary_unary("/Probe/Upper")(b"", timeout=30)
    except grpc.RpcError as error:
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    else:
        raise AssertionError("the mistake was accepted")
server.stop(None).wait(30)
