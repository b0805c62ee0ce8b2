"""Facts about connections to the front."""

from tuner.rules.vocabulary.spec import FactSpec

FACTS: dict[str, FactSpec] = {
    "front.http2": FactSpec("flag", "whether HTTP/2 is spoken"),
    "front.is_http2_bounded": FactSpec("flag", "whether H2MaxWorkers is set"),
    "front.max_mem_free": FactSpec("bytes", "MaxMemFree; 0 is without limit"),
    "front.bucket_ratio": FactSpec("count", "ListenCoresBucketsRatio; 0 is off"),
    "front.connections": FactSpec("count", "connections to Apache's ports at this moment"),
}
