import Logging
import VectorEngine
import VectorModel
import VectorServer

/// The one place where server and engine meet.
func engineOpener(_ configuration: EngineConfiguration, log: Logger) -> EngineOpener {
  { () throws(RequestError) in
    let engine = try Engine.open(configuration, logger: log)
    return OpenedEngine(
      handler: engine, metrics: EngineMetrics(engine),
      shutdown: { () throws(RequestError) in try engine.shutdown() })
  }
}
