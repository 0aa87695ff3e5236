#include "comm/exchange/transport.h"
#include "kernels/base/device.h"

namespace skewbench::exchange {

std::string why_no_nccl(const Communicator&, Memory) { return device::why_unusable(); }
std::unique_ptr<Transport> make_nccl_transport(const Communicator&, Memory) { fail("{}", device::why_unusable()); }

}  // namespace skewbench::exchange
