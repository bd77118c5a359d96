import Glibc

// Reads commands from standard input and answers each with one line, so that compare.py can alternate rounds of this
// program and of its peers:
//   load <base.npy> <queries.npy> <cosine|euclid>
//   truth <gt.npy>
//   build <m> <efConstruction> <threads> <alpha> <keepsPruned 0|1> <codeBits>
//   accept <file of u32 rows | all>
//   payload <payload.jsonl> [<field>:<type> …]
//   filter <JSON | none>
//   search <ef> <oversampling> <plan|auto> <queries> [<queries a call>]
//   threads <count> <ef> <rounds>

let session = Session()
while let line = readLine() {
  do { print(try session.run(line)) } catch { print("error \(error)") }
  fflush(nil)
}
