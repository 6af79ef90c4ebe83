#include "bus/arena.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#include "bus/pause.hpp"

namespace busway {

Arena::~Arena() {
  while (chunks_ != nullptr) {
    Chunk* next = chunks_->next;
    std::free(chunks_);
    chunks_ = next;
  }
}

void* Arena::allocate_slow(std::size_t size, std::size_t align) {
  std::size_t usual = chunks_ == nullptr ? first_chunk_ : std::min<std::size_t>(chunks_->size * 2, 1024 * 1024);
  std::size_t room = std::max(usual, size + align);
  auto* chunk = static_cast<Chunk*>(std::malloc(sizeof(Chunk) + room));
  if (chunk == nullptr) throw std::bad_alloc();
  chunk->size = room;
  chunk->next = chunks_;
  chunks_ = chunk;
  reserved_ += room;
  cursor_ = reinterpret_cast<std::uintptr_t>(chunk + 1);
  end_ = cursor_ + room;
  return allocate(size, align);
}

std::string_view Arena::copy(std::string_view text) {
  if (text.empty()) return {};
  char* to = array<char>(text.size());
  std::memcpy(to, text.data(), text.size());
  return {to, text.size()};
}

void Arena::reset() noexcept {
  if (chunks_ == nullptr) return;
  while (chunks_->next != nullptr) {
    pause_if_due(64);  // a megabyte that goes back costs some 100 us
    Chunk* next = chunks_->next;
    reserved_ -= chunks_->size;
    std::free(chunks_);
    chunks_ = next;
  }
  if (chunks_->size > 2 * first_chunk_) {  // made for something large: not what every message needs
    std::free(chunks_);
    chunks_ = nullptr;
    reserved_ = 0;
    cursor_ = end_ = 0;
    return;
  }
  cursor_ = reinterpret_cast<std::uintptr_t>(chunks_ + 1);
  end_ = cursor_ + chunks_->size;
}

}  // namespace busway
