import FuzzTargets
import Glibc

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

// The first argument names the target, and the rest is libFuzzer's: https://llvm.org/docs/LibFuzzer.html#options.
guard CommandLine.arguments.count > 1, let chosen = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
  print("usage: Fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) [folder] [-option=value]")
  exit(64)
}
private let target = chosen
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = .allocate(capacity: CommandLine.arguments.count + 1)
var count = CInt(0)
for (index, argument) in CommandLine.arguments.enumerated() where index != 1 {
  arguments[Int(count)] = strdup(argument)
  count += 1
}
arguments[Int(count)] = nil
exit(
  runDriver(&count, &arguments) { bytes, size in
    target.take(UnsafeRawBufferPointer(start: bytes, count: size))
    return 0
  })
